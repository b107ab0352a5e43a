import type { Conversation as ClientConversation } from '#src/contract/client/conversation.ts'
import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Domain, QualifiedConversationId, UserId } from '#src/contract/ids.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { ACCESS_ROLE_LIST_VERSION, clientView, oldForm } from '../../client-view.ts'
import { fanOut, groupByDomain } from '../../fan-out.ts'
import { readOwn } from '../../read-own.ts'
import { fetchRemote } from '../../remote-conversations.ts'
import type { GalleyStore } from '../../store.ts'

interface Needs {
  readonly store: Pick<GalleyStore, 'find' | 'remoteMemberships'>
  readonly domain: Domain
  readonly remotes: RemoteBackends
}

export const listConversations =
  (needs: Needs): Handler<(typeof galleyClient)['list-conversations'], ClientContext> =>
  async ({ body }, { caller, apiVersion, requestId }) => {
    const wanted = [...new Map(body.qualified_ids.map((id) => [keyOf(id), id])).values()]
    const [own, remote] = await Promise.all([
      readOwn(
        needs,
        wanted.filter(({ domain }) => domain === needs.domain).map(({ id }) => id),
        caller.user,
      ),
      readRemote(needs, { ids: wanted.filter(({ domain }) => domain !== needs.domain), user: caller.user, requestId }),
    ])
    const found = [...own.seen, ...remote.found]
    const known = new Set([...found.map(({ qualified_id: id }) => id), ...remote.failed].map(keyOf))
    const rest = { not_found: wanted.filter((id) => !known.has(keyOf(id))), failed: [...remote.failed] }
    return apiVersion < ACCESS_ROLE_LIST_VERSION
      ? { outcome: 'list-old', body: { found: found.map(oldForm), ...rest } }
      : { outcome: 'list', body: { found, ...rest } }
  }

interface RemotePart {
  readonly found: readonly ClientConversation[]
  readonly failed: readonly QualifiedConversationId[]
}

/** Every owner has a deadline of his own; one that is away fails its own conversations and nothing else. */
const readRemote = async (
  { store, domain, remotes }: Needs,
  { ids, user, requestId }: { ids: readonly QualifiedConversationId[]; user: UserId; requestId: string },
): Promise<RemotePart> => {
  if (ids.length === 0) return { found: [], failed: [] }
  const memberships = await store.remoteMemberships(user, ids)
  const settings = new Map(memberships.map((membership) => [keyOf(membership.conversation), membership.settings]))
  const byOwner = groupByDomain(memberships.map(({ conversation }) => conversation))
  const { answers, failures } = await fanOut(byOwner.keys(), (owner) =>
    fetchRemote(remotes, { owner, user, ids: (byOwner.get(owner) ?? []).map(({ id }) => id), requestId }),
  )
  const found = [...answers].flatMap(([owner, conversations]) =>
    conversations.flatMap((shown) => {
      const own = settings.get(keyOf({ domain: owner, id: shown.id }))
      return own ? [clientView(owner, shown, { user: { domain, id: user }, settings: own })] : []
    }),
  )
  return { found, failed: [...failures.keys()].flatMap((owner) => byOwner.get(owner) ?? []) }
}

const keyOf = ({ domain, id }: QualifiedConversationId): string => `${id}@${domain}`
