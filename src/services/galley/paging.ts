/** The opaque text by which clients ask for the next page of their conversation ids. */
import { z } from 'zod'
import { ConversationId, Domain } from '#src/contract/ids.ts'
import type { ListPosition } from './store-listing.ts'

/** Where a page ended; for a client that has seen none, the beginning. */
export const encodePosition = (position: ListPosition | undefined): string =>
  Buffer.from(
    position === undefined ? '' : `${position.isRemote ? 'r' : 'l'} ${position.domain} ${position.conversation}`,
  ).toString('base64')

/** `invalid` for text that is none of ours. */
export const decodePosition = (text: string): ListPosition | undefined | 'invalid' => {
  const content = Buffer.from(text, 'base64').toString('utf8')
  if (content === '') return text === '' ? undefined : 'invalid'
  const parsed = Position.safeParse(content.split(' '))
  if (!parsed.success) return 'invalid'
  const [kind, domain, conversation] = parsed.data
  return { isRemote: kind === 'r', domain, conversation }
}

const Position = z.tuple([z.enum(['l', 'r']), Domain, ConversationId])
