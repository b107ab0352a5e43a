/** Telling users of this backend: what gundeck is asked to store and push (contract/internal/gundeck.ts). */
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { Push, PushedEvent } from '#src/contract/internal/gundeck.ts'
import type { MessagePriority } from '#src/contract/vocabulary.ts'
import type { Caller } from '#src/rpc/context.ts'
import { type MessageHappening, messageEvent } from './events.ts'
import { LISTED_MEMBERS_PER_ROW_MAX, RECIPIENTS_PER_PUSH_MAX } from './limits.ts'

/** The connection that caused an event and need not hear of it, and the device that has it. */
export interface PushOrigin {
  readonly user: UserId
  readonly client?: ClientId
  readonly connection: string
}

export const originOf = ({ user, client, connection }: Caller): PushOrigin => ({
  user,
  ...(client && { client }),
  connection,
})

/** Makes ids of pushes. Gundeck takes two pushes with the same one for the same. */
export type PushIds = () => string

export interface PushContext {
  /** To open sockets only. */
  readonly transient?: boolean
  /** False when nobody has to be woken for it. */
  readonly nativePush?: boolean
  readonly ids: PushIds
  readonly origin: PushOrigin | null
}

export interface ProteusDelivery {
  readonly sender: ClientId
  /** Base64. */
  readonly data: string
  readonly recipients: readonly { readonly user: UserId; readonly client: ClientId; readonly text: string }[]
  readonly nativePush: boolean
  readonly priority: MessagePriority | undefined
  readonly transient: boolean
}

/** One entry per recipient client, because each has a ciphertext of its own. */
export const messagePushes = (
  happening: MessageHappening,
  { sender, data, recipients, nativePush, priority, transient }: ProteusDelivery,
  { ids, origin }: PushContext,
): Push[] =>
  chunks(recipients, RECIPIENTS_PER_PUSH_MAX).map((some) => ({
    id: ids(),
    recipients: some.map(({ user, client, text }) => ({
      user,
      clients: [client],
      payload: [messageEvent(happening, { sender, recipient: client, text, data })],
    })),
    // Every entry has its own instead.
    payload: [{ type: 'conversation.otr-message-add' }],
    transient,
    origin,
    nativePush,
    ...(priority && { priority }),
  }))

/** One event that all of these users get alike, on all their devices. */
export const eventPushes = (
  event: PushedEvent,
  users: readonly UserId[],
  { ids, origin, transient = false, nativePush = true }: PushContext,
): Push[] =>
  chunks(users, RECIPIENTS_PER_PUSH_MAX).map((some) => ({
    id: ids(),
    recipients: some.map((user) => ({ user, clients: [] })),
    payload: [event],
    transient,
    origin,
    ...(!nativePush && { nativePush }),
  }))

export interface OwnEvent {
  readonly user: UserId
  readonly event: PushedEvent
}

/**
 * Events of which each recipient gets his own form. Several lists of pushes, one for each row of the queue: together
 * the events of a large conversation would be too much for one.
 */
export const ownEventPushes = (
  events: readonly OwnEvent[],
  { membersEach, ids, origin }: PushContext & { readonly membersEach: number },
): Push[][] =>
  chunks(events, Math.max(1, Math.floor(LISTED_MEMBERS_PER_ROW_MAX / Math.max(1, membersEach)))).map((some) =>
    some.map(({ user, event }) => ({
      id: ids(),
      recipients: [{ user, clients: [] }],
      payload: [event],
      transient: false,
      origin,
    })),
  )

const chunks = <T>(items: readonly T[], size: number): T[][] => {
  const result: T[][] = []
  for (let start = 0; start < items.length; start += size) result.push(items.slice(start, start + size))
  return result
}
