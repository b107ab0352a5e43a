/** COMPAT(v2): pages of the conversations that a user has on his own backend. */
import type { ConversationId, Domain, UserId } from '#src/contract/ids.ts'
import type { GalleyStore } from './store.ts'

export interface OwnListNeeds {
  readonly store: Pick<GalleyStore, 'listIds'>
  readonly domain: Domain
}

export interface OwnPage {
  readonly user: UserId
  /** Exclusive; undefined for the beginning. */
  readonly after: ConversationId | undefined
  readonly size: number
}

export const listOwnIds = async (
  { store, domain }: OwnListNeeds,
  { user, after, size }: OwnPage,
): Promise<{ readonly ids: ConversationId[]; readonly hasMore: boolean }> => {
  const position = after && { isRemote: false, domain, conversation: after }
  // Those of this backend come first, and one more than asked for tells whether there are more of them.
  const found = await store.listIds({ user, ownDomain: domain, after: position, limit: size + 1 })
  const own = found.filter(({ isRemote }) => !isRemote).map(({ conversation }) => conversation)
  return { ids: own.slice(0, size), hasMore: own.length > size }
}
