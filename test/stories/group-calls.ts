/** What people of stories do with groups, and what they hear of it. */
import type { Qualified } from '#src/world/app-client.ts'
import type { AppAnswer } from '#src/world/app-http.ts'
import type { AppEvent } from '#src/world/app-socket.ts'
import type { Person } from '#src/world/person.ts'

const pathOf = ({ domain, id }: Qualified): string => `/conversations/${domain}/${id}`
const memberPath = (conversation: Qualified, { user }: Person): string =>
  `${pathOf(conversation)}/members/${user.domain}/${user.id}`

export const add = (
  who: Person,
  conversation: Qualified,
  people: readonly Person[],
  role = 'wire_member',
): Promise<AppAnswer> =>
  who.app.http.send({
    method: 'POST',
    path: `${pathOf(conversation)}/members`,
    body: { qualified_users: people.map(({ user }) => user), conversation_role: role },
  })

export const remove = (who: Person, conversation: Qualified, whom: Person): Promise<AppAnswer> =>
  who.app.http.send({ method: 'DELETE', path: memberPath(conversation, whom) })

export const leave = (who: Person, conversation: Qualified): Promise<AppAnswer> => remove(who, conversation, who)

export const promote = (who: Person, conversation: Qualified, whom: Person): Promise<AppAnswer> =>
  who.app.http.send({
    method: 'PUT',
    path: memberPath(conversation, whom),
    body: { conversation_role: 'wire_admin' },
  })

/** `what` is the last part of the path. */
export const change = (who: Person, conversation: Qualified, what: string, body: object): Promise<AppAnswer> =>
  who.app.http.send({ method: 'PUT', path: `${pathOf(conversation)}/${what}`, body })

export const type = (who: Person, conversation: Qualified): Promise<AppAnswer> =>
  who.app.http.send({ method: 'POST', path: `${pathOf(conversation)}/typing`, body: { status: 'started' } })

export const create = (who: Person, people: readonly Person[]): Promise<AppAnswer> =>
  who.app.http.send({
    method: 'POST',
    path: '/conversations',
    body: { name: 'a group', qualified_users: people.map(({ user }) => user), receipt_mode: null },
  })

/** Whom a member sees in it, himself included, by handle. */
export const membersSeenBy = async (who: Person, conversation: Qualified): Promise<Set<string>> => {
  const { members } = await who.app.conversation(conversation)
  return new Set([who.user.id, ...members.others.map(({ qualified_id: { id } }) => id)])
}

export const idsOf = (...people: readonly Person[]): Set<string> => new Set(people.map(({ user }) => user.id))

/** Events of this type in the conversation that say all of this in `data`. */
const told = (events: readonly AppEvent[], conversation: Qualified, { kind, says }: Wanted): AppEvent[] =>
  events.filter((event) => {
    const { type: found, conversation: where, data } = event as AppEvent & { conversation?: unknown; data?: unknown }
    return found === `conversation.${kind}` && where === conversation.id && JSON.stringify(data).includes(says)
  })

interface Wanted {
  readonly kind: string
  readonly says: string
}

/** Waits until he is told; `says` is some text in the event. */
export const hears = (who: Person, conversation: Qualified, kind: string, says = ''): Promise<AppEvent> =>
  who.inbox.until(
    `${kind} ${says} for ${who.account.handle}`,
    (events) => told(events, conversation, { kind, says })[0],
  )

/** How often he was told so far. */
export const timesHeard = (who: Person, conversation: Qualified, kind: string, says = ''): number =>
  told(who.inbox.events, conversation, { kind, says }).length

export const hearsOfDeletion = (who: Person, whom: Person): Promise<AppEvent> =>
  who.inbox.until(`the deletion of ${whom.account.handle} for ${who.account.handle}`, (events) =>
    events.find((event) => event.type === 'user.delete' && JSON.stringify(event).includes(whom.user.id)),
  )
