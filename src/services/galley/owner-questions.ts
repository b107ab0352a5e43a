/**
 * Asking the owner of a conversation for a change that one of our users wants. The owner decides and tells all other
 * backends; what it answers we apply and tell our own users ourselves (federation-api.md §7.3, §7.6).
 */
import type { ConversationEvent } from '#src/contract/client/conversation-events.ts'
import type { ConversationAction } from '#src/contract/federation/conversation-updates.ts'
import { type GalleyErrorTag, galleyErrors } from '#src/contract/federation/galley-errors.ts'
import { galleyFederation } from '#src/contract/federation/galley.ts'
import type { QualifiedConversationId, QualifiedUserId } from '#src/contract/ids.ts'
import type { Random } from '#src/kit/random.ts'
import { FederationFailure } from '#src/rpc/federation-failure.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { applyAnswer, type UpdateNeeds } from './apply-update.ts'
import type { ChangeRefusal } from './change.ts'
import type { EventTimes } from './event-times.ts'
import { type Happening, leaveEvent } from './events.ts'
import { pushed } from './letters.ts'
import { OWNER_TIMEOUT_MS } from './limits.ts'
import { eventPushes, type PushOrigin } from './pushes.ts'

export interface AskingNeeds extends UpdateNeeds {
  readonly remotes: RemoteBackends
  readonly times: EventTimes
  readonly random: Random
}

export interface Question {
  readonly conversation: QualifiedConversationId
  /** A user of ours. */
  readonly actor: QualifiedUserId
  readonly origin: PushOrigin
  readonly requestId: string
}

export type Answered =
  | { readonly outcome: 'changed'; readonly event: ConversationEvent | undefined }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'refused'; readonly why: ChangeRefusal }

const NOT_FOUND = { outcome: 'refused', why: 'not-found' } as const

export const askForChange = async (
  needs: AskingNeeds,
  question: Question,
  action: ConversationAction,
): Promise<Answered> => {
  const { conversation, actor, requestId } = question
  if (!(await isMember(needs, question))) return NOT_FOUND
  const entry = galleyFederation['update-conversation']
  const input = { user: actor.id, conv_id: conversation.id, action }
  const answer = await needs.remotes.call(conversation.domain, entry, input, { requestId, timeoutMs: OWNER_TIMEOUT_MS })
  switch (answer.tag) {
    case 'ConversationUpdateResponseUpdate': {
      // Whatever it says, it answers about the conversation that it was asked about.
      const update = { ...answer.contents, convId: conversation.id }
      return { outcome: 'changed', event: await applyAnswer(needs, update, question) }
    }
    case 'ConversationUpdateResponseNoChanges':
      return { outcome: 'unchanged' }
    case 'ConversationUpdateResponseError':
      return { outcome: 'refused', why: refusalOf(answer.contents.tag, question) }
    case 'ConversationUpdateResponseNonFederatingBackends':
    case 'ConversationUpdateResponseUnreachableBackends':
      throw unexpected(question, answer.tag)
    default:
      return answer satisfies never
  }
}

/** Only what may be said against a change is passed on as such. */
const refusalOf = (tag: GalleyErrorTag, question: Question): ChangeRefusal => {
  const why = REFUSALS[tag]
  if (why) return why
  throw unexpected(question, galleyErrors[tag]?.label ?? tag)
}

const REFUSALS: Partial<Record<GalleyErrorTag, ChangeRefusal>> = {
  ConvNotFound: 'not-found',
  ActionDenied: 'action-denied',
  InvalidOperation: 'invalid-op',
  InvalidTargetAccess: 'invalid-op',
  ConvAccessDenied: 'access-denied',
  MLSReadReceiptsNotAllowed: 'mls-receipts-not-allowed',
  ConvInvalidProtocolTransition: 'invalid-protocol-transition',
}

const unexpected = ({ conversation }: Question, what: string): FederationFailure =>
  new FederationFailure(
    { domain: conversation.domain, rpc: 'update-conversation' },
    533,
    'federation-unexpected-body',
    {
      detail: `answered with ${what}`,
    },
  )

/** The owner tells everybody but us, so that we have to tell all of ours. */
export const askToLeave = async (needs: AskingNeeds, question: Question): Promise<Answered> => {
  const { conversation, actor, requestId } = question
  if (!(await isMember(needs, question))) return NOT_FOUND
  const entry = galleyFederation['leave-conversation']
  const input = { conv_id: conversation.id, leaver: actor.id }
  const answer = await needs.remotes.call(conversation.domain, entry, input, { requestId, timeoutMs: OWNER_TIMEOUT_MS })
  if ('Right' in answer) return { outcome: 'changed', event: await forget(needs, question, 'all') }
  switch (answer.Left) {
    case 'RemoveFromConversationErrorNotFound':
      // We took him for a member and the owner does not: a crash lost its answer, or his removal is on its way.
      await forget(needs, question, 'himself')
      return NOT_FOUND
    case 'RemoveFromConversationErrorRemovalNotAllowed':
      return { outcome: 'refused', why: 'action-denied' }
    case 'RemoveFromConversationErrorUnchanged':
      return { outcome: 'unchanged' }
    default:
      return answer.Left satisfies never
  }
}

/** Nobody is asked about conversations that the user is not in, as far as we know. */
const isMember = async ({ store }: AskingNeeds, { conversation, actor }: Question): Promise<boolean> =>
  (await store.remoteMemberships(actor.id, [conversation])).length > 0

const forget = async (
  { store, times, random }: AskingNeeds,
  { conversation, actor, origin, requestId }: Question,
  told: 'all' | 'himself',
): Promise<ConversationEvent> => {
  const happening: Happening = { conversation, from: actor, time: times.next() }
  const event = leaveEvent(happening, { users: [actor], reason: 'left' })
  await store.transaction(async (tx) => {
    const members = await tx.membersOnRecord(conversation)
    // Two devices may leave at once: one of them tells it.
    if (!members.includes(actor.id)) return
    await tx.removeMemberships(conversation, [actor.id])
    const recipients = told === 'all' ? members : [actor.id]
    await tx.enqueue(pushed(eventPushes(event, recipients, { ids: random.uuid, origin }), requestId))
  })
  return event
}
