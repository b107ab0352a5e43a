/** What galley puts into the queue: for other backends (backend-notifications.md §2), and for gundeck. */
import type { ConversationUpdate } from '#src/contract/federation/conversation-updates.ts'
import type { RemoteMessage } from '#src/contract/federation/messages.ts'
import type { ClientId, ConversationId, Domain, UserId } from '#src/contract/ids.ts'
import type { Push } from '#src/contract/internal/gundeck.ts'
import { type Letter, localLetter, NO_TOPICS, remoteLetter, topicsOf } from '#src/queue/outbox.ts'
import { updateToV0 } from '#src/rpc/federation-forms.ts'
import { type EventTime, LATER, timestampOf } from './event-times.ts'

/** Base64, by client, by user of the backend that is told. */
export type RecipientTexts = readonly (readonly [UserId, readonly (readonly [ClientId, string])[]])[]

export interface MessageToSend {
  /** It may not have its time yet. */
  readonly message: Omit<RemoteMessage, 'time' | 'recipients'> & { readonly time: RemoteMessage['time'] | typeof LATER }
  readonly recipients: RecipientTexts
}

export const messageSent = (to: Domain, message: MessageToSend, requestId: string): Letter =>
  remoteLetter(
    to,
    {
      notifications: [
        {
          targetComponent: 'galley',
          path: 'on-message-sent',
          body: writtenMessage(message),
          bodyVersions: { from: 0 },
          requestId,
        },
      ],
    },
    topicsOf(message.message.conversation, ...message.recipients.map(([user]) => user)),
  )

/**
 * The recipients by hand, because an object whose keys are ids gets a shape of its own, which costs more than all the rest
 * of the letter. They are made of ids, names of devices and Base64: nothing of it has to be escaped.
 */
const writtenMessage = ({ message, recipients }: MessageToSend): string => {
  const users = recipients.map(
    ([user, texts]) => `"${user}":{${texts.map(([client, text]) => `"${client}":"${text}"`).join()}}`,
  )
  return `${JSON.stringify(message).slice(0, -1)},"recipients":{${users.join()}}}`
}

/** With their time in the place that was left for it. */
export const timed = (letters: readonly Letter[], at: EventTime): readonly Letter[] => {
  const time = timestampOf(at)
  return letters.map(({ lane, text, topics = NO_TOPICS, bundle }) => ({
    lane,
    text: text.replaceAll(LATER, time),
    topics,
    ...(bundle && {
      bundle: {
        notifications: bundle.notifications.map((entry) => ({ ...entry, body: entry.body.replaceAll(LATER, time) })),
      },
    }),
  }))
}

/** In both forms: which of them the peer understands is known when it is delivered. */
export const conversationUpdated = (to: Domain, update: ConversationUpdate, requestId: string): Letter => {
  const form = { targetComponent: 'galley' as const, path: 'on-conversation-updated', requestId }
  const notifications = [
    { ...form, body: JSON.stringify(update), bodyVersions: { from: 1 } },
    { ...form, body: JSON.stringify(updateToV0(update)), bodyVersions: { from: 0, until_excl: 1 } },
  ]
  return remoteLetter(to, { notifications }, topicsOf(update.convId, ...update.alreadyPresentUsers))
}

/** To the owner of these conversations. */
export const userDeleted = (
  to: Domain,
  { user, conversations }: { readonly user: UserId; readonly conversations: readonly ConversationId[] },
  requestId: string,
): Letter =>
  remoteLetter(
    to,
    {
      notifications: [
        {
          targetComponent: 'galley',
          path: 'on-user-deleted-conversations',
          body: JSON.stringify({ user, conversations }),
          bodyVersions: { from: 0 },
          requestId,
        },
      ],
    },
    topicsOf(user),
  )

/** None for nobody. */
export const pushed = (pushes: readonly Push[], requestId: string): Letter[] =>
  pushes.length === 0
    ? []
    : [localLetter({ target: 'gundeck', endpoint: 'push', body: { pushes: [...pushes] }, requestId })]
