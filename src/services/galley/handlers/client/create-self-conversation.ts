import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { ACCESS_ROLE_LIST_VERSION, clientView, oldForm } from '../../client-view.ts'
import { asSeenBy, NO_SETTINGS, selfConversation, selfMember } from '../../conversation.ts'
import type { EventTimes } from '../../event-times.ts'
import type { GalleyStore } from '../../store.ts'

interface Needs {
  readonly store: Pick<GalleyStore, 'create' | 'find'>
  readonly domain: Domain
  readonly times: EventTimes
}

export const createSelfConversation =
  ({ store, domain, times }: Needs): Handler<(typeof galleyClient)['create-self-conversation'], ClientContext> =>
  async (_input, { caller, apiVersion }) => {
    const user = { domain, id: caller.user }
    const conversation = selfConversation(caller.user)
    const members = [selfMember(user)]
    const isNew = await store.create({ conversation, members, at: times.next(), unconfirmedSince: null })
    const [stored] = isNew ? [] : await store.find([conversation.id], user)

    const settings = stored?.viewer?.settings ?? NO_SETTINGS
    const view = clientView(domain, asSeenBy(conversation, members, selfMember(user)), { user, settings })
    const headers = { location: `/conversations/${view.id}` }
    const outcome = isNew ? 'created' : 'existed'
    return apiVersion < ACCESS_ROLE_LIST_VERSION
      ? { outcome: `${outcome}-old`, body: oldForm(view), headers }
      : { outcome, body: view, headers }
  }
