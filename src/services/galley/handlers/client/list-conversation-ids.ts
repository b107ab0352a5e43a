import type { galleyClient } from '#src/contract/client/galley.ts'
import { CONVERSATION_IDS_PAGE_MAX } from '#src/contract/client/galley-limits.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { decodePosition, encodePosition } from '../../paging.ts'
import type { GalleyStore } from '../../store.ts'

interface Needs {
  readonly store: Pick<GalleyStore, 'listIds'>
  readonly domain: Domain
}

export const listConversationIds =
  ({ store, domain }: Needs): Handler<(typeof galleyClient)['list-conversation-ids'], ClientContext> =>
  async ({ body }, { caller }) => {
    const after = decodePosition(body.paging_state ?? '')
    if (after === 'invalid') return { outcome: 'bad-paging-state' }
    const size = body.size ?? CONVERSATION_IDS_PAGE_MAX

    // One more than asked for tells whether there are more.
    const found = await store.listIds({ user: caller.user, ownDomain: domain, after, limit: size + 1 })
    const page = found.slice(0, size)
    return {
      outcome: 'page',
      body: {
        qualified_conversations: page.map((position) => ({ domain: position.domain, id: position.conversation })),
        has_more: found.length > size,
        paging_state: encodePosition(page.at(-1) ?? after),
      },
    }
  }
