import type { galleyClient } from '#src/contract/client/galley.ts'
import { ConversationId, type QualifiedUserId } from '#src/contract/ids.ts'
import { REGULAR_CONVERSATION } from '#src/contract/vocabulary.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { ACCESS_ROLE_LIST_VERSION, BARE_FAILURES_VERSION, oldForm } from '../../client-view.ts'
import { createGroup, type CreatingNeeds, viewOf } from '../../create-group.ts'
import { checkFederation } from '../../federation-check.ts'
import { groupByDomain } from '../../fan-out.ts'
import { lookUpGuests, refuseCreation } from '../../invitees.ts'
import { inviteesOf, newGroup, refuseForm } from '../../new-group.ts'
import { selfMember } from '../../conversation.ts'
import type { PreparingNeeds } from '../../prepare-change.ts'
import { originOf } from '../../pushes.ts'
import type { FoundConversation } from '../../store-conversations.ts'

interface Needs extends CreatingNeeds, PreparingNeeds {}

export const createConversation =
  (needs: Needs): Handler<(typeof galleyClient)['create-conversation'], ClientContext> =>
  async ({ body }, { caller, apiVersion, requestId }) => {
    const { domain, random, remotes } = needs
    const creator = { domain, id: caller.user }
    const parent = await findParent(needs, body.parent ?? undefined, creator)
    if (parent === 'access-denied') return { outcome: 'access-denied' }
    const group = newGroup(body, { id: ConversationId.parse(random.uuid()), creator, parent })
    const malformed = refuseForm(body, group, needs.membersMax)
    if (malformed) return { outcome: malformed }

    const invitation = { by: creator, invitees: inviteesOf(group), conversation: group.conversation }
    const guests = await lookUpGuests(needs, invitation, requestId)
    const objection = refuseCreation({ ...invitation, areFellows: parent !== undefined }, guests)
    if (objection) return { outcome: objection }

    const otherDomains = [...groupByDomain(invitation.invitees).keys()].filter((other) => other !== domain)
    if (otherDomains.length > 0 && !needs.federatedProtocols.includes(group.conversation.protocol)) {
      return { outcome: 'protocol-not-federated' }
    }
    const checked = await checkFederation(remotes, otherDomains, requestId)
    if (checked.outcome === 'non-federating') {
      return { outcome: 'non-federating', body: { non_federating_backends: [...checked.backends] } }
    }
    const origin = originOf(caller)
    const created = checked.outcome === 'unreachable' ? checked : await createGroup(needs, group, { requestId, origin })
    if (created.outcome === 'unreachable') {
      if (apiVersion < BARE_FAILURES_VERSION) return { outcome: 'unreachable-old' }
      return { outcome: 'unreachable', body: { unreachable_backends: [...created.backends] } }
    }

    const view = viewOf(domain, { ...group, member: selfMember(creator) })
    const headers = { location: `/conversations/${view.id}` }
    return apiVersion < ACCESS_ROLE_LIST_VERSION
      ? { outcome: 'created-old', body: oldForm(view), headers }
      : { outcome: 'created', body: { ...view, failed_to_add: [] }, headers }
  }

/** Strangers learn nothing of it, not even whether it exists. */
const findParent = async (
  { store }: Needs,
  id: ConversationId | undefined,
  creator: QualifiedUserId,
): Promise<FoundConversation | 'access-denied' | undefined> => {
  if (id === undefined) return undefined
  const [found] = await store.find([id], creator)
  return found?.viewer && found.conversation.type === REGULAR_CONVERSATION ? found : 'access-denied'
}
