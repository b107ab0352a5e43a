import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Conversation as ClientConversation } from '#src/contract/client/conversation.ts'
import { ONE_TO_ONE_CONVERSATION } from '#src/contract/vocabulary.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { localOneToOne } from '#src/rpc/conversation-ids.ts'
import { PRIVATE_ACCESS, PRIVATE_ACCESS_ROLES } from '../../access.ts'
import { ACCESS_ROLE_LIST_VERSION, oldForm } from '../../client-view.ts'
import { isSameUser } from '../../conversation.ts'
import { createGroup, type CreatingNeeds, viewOf } from '../../create-group.ts'
import type { NewGroup } from '../../new-group.ts'
import { memberOfTwo } from '../../one-to-one.ts'
import { lookUpPeople } from '../../people.ts'
import { originOf } from '../../pushes.ts'
import { readOwn } from '../../read-own.ts'

interface Needs extends CreatingNeeds {
  readonly brig: Transport
}

/** Team mates have no connection from which their conversation would follow. */
export const createOneToOne =
  (needs: Needs): Handler<(typeof galleyClient)['create-one-to-one'], ClientContext> =>
  async ({ body }, { caller, apiVersion, requestId }) => {
    const { domain, brig } = needs
    const self = { domain, id: caller.user }
    const named = [...(body.qualified_users ?? []), ...(body.users ?? []).map((id) => ({ domain, id }))]
    const [other, more] = named.filter((user) => !isSameUser(user, self))
    if (!other || more) return { outcome: 'invalid-op' }
    if (other.domain !== domain) return { outcome: 'not-connected' }
    const people = await lookUpPeople(brig, [self.id, other.id], requestId)
    const team = people.get(self.id)?.team
    if (team === undefined || people.get(other.id)?.team !== team) return { outcome: 'no-team-member' }

    const id = localOneToOne(self.id, other.id)
    const [existing] = (await readOwn(needs, [id], self.id)).seen
    if (existing) return inForm(apiVersion, 'existed', existing)
    const group: NewGroup = {
      creator: self,
      conversation: {
        id,
        type: ONE_TO_ONE_CONVERSATION,
        creator: self.id,
        name: null,
        access: PRIVATE_ACCESS,
        accessRoles: PRIVATE_ACCESS_ROLES,
        protocol: 'proteus',
        messageTimer: null,
        receiptMode: null,
        team,
      },
      members: [self, other].map(memberOfTwo),
    }
    await createGroup(needs, group, { requestId, origin: originOf(caller) })
    return inForm(apiVersion, 'created', viewOf(domain, { ...group, member: memberOfTwo(self) }))
  }

const inForm = <O extends 'created' | 'existed'>(apiVersion: number, outcome: O, body: ClientConversation) =>
  apiVersion < ACCESS_ROLE_LIST_VERSION
    ? ({ outcome: `${outcome}-old`, body: oldForm(body) } as const)
    : ({ outcome, body } as const)
