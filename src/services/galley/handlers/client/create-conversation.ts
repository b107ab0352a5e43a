import type { galleyClient } from '#src/contract/client/galley.ts'
import { ConversationId } from '#src/contract/ids.ts'
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

interface Needs extends CreatingNeeds, PreparingNeeds {}

export const createConversation =
  (needs: Needs): Handler<(typeof galleyClient)['create-conversation'], ClientContext> =>
  async ({ body }, { caller, apiVersion, requestId }) => {
    const { domain, random, remotes } = needs
    const creator = { domain, id: caller.user }
    const group = newGroup(body, { id: ConversationId.parse(random.uuid()), creator })
    const malformed = refuseForm(body, group, needs.membersMax)
    if (malformed) return { outcome: malformed }

    const invitation = { by: creator, invitees: inviteesOf(group), conversation: group.conversation }
    const guests = await lookUpGuests(needs, invitation, requestId)
    const objection = refuseCreation(invitation, guests)
    if (objection) return { outcome: objection }

    const otherDomains = [...groupByDomain(invitation.invitees).keys()].filter((other) => other !== domain)
    if (otherDomains.length > 0 && !needs.federatedProtocols.includes(group.conversation.protocol)) {
      return { outcome: 'protocol-not-federated' }
    }
    const checked = await checkFederation(remotes, otherDomains, requestId)
    if (checked.outcome === 'non-federating') {
      return { outcome: 'non-federating', body: { non_federating_backends: [...checked.backends] } }
    }
    const origin = { user: caller.user, connection: caller.connection }
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
