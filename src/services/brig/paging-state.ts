/** Where a list goes on: opaque text for clients, the last item seen for us. */
import { QualifiedUserId } from '#src/contract/ids.ts'

export const writePagingState = (last: QualifiedUserId | undefined): string =>
  last ? Buffer.from(`${last.domain}/${last.id}`).toString('base64url') : ''

/** What is no state of ours begins at the beginning: a client that kept one of another server shall not be stuck. */
export const readPagingState = (text: string | undefined): QualifiedUserId | undefined => {
  const [domain, id] = Buffer.from(text ?? '', 'base64url')
    .toString('utf8')
    .split('/')
  return QualifiedUserId.safeParse({ domain, id }).data
}
