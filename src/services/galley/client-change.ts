/** Changes that clients of ours want, and what they are answered. */
import type { ConversationEvent } from '#src/contract/client/conversation-events.ts'
import type { ConversationAction } from '#src/contract/federation/conversation-updates.ts'
import type { ConversationId, Domain } from '#src/contract/ids.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { type Changed, changeConversation, type ChangingNeeds } from './change-conversation.ts'
import type { ChangeRefusal } from './change.ts'
import type { FederationObstacle } from './federation-check.ts'
import type { Answered } from './owner-questions.ts'
import { originOf } from './pushes.ts'

export interface ConversationPath {
  /** Missing in older spellings, which mean this backend. */
  readonly domain?: Domain | undefined
  readonly conversation: ConversationId
}

/** Only of conversations of this backend: of others most changes are for members there (scenarios FED-040). */
export const changeByClient = async (
  needs: ChangingNeeds,
  { domain, conversation }: ConversationPath,
  { action, context }: { readonly action: ConversationAction; readonly context: ClientContext },
): Promise<Changed> => {
  if (domain !== undefined && domain !== needs.domain) return { outcome: 'refused', why: 'not-implemented' }
  const { caller, requestId } = context
  return changeConversation(needs, {
    conversation,
    actor: { domain: needs.domain, id: caller.user },
    wish: { kind: 'action', action },
    origin: originOf(caller),
    requestId,
  })
}

/** What every change of a conversation may be refused for. */
export const COMMON_REFUSALS = [
  'not-found',
  'action-denied',
  'access-denied',
  'invalid-op',
  'not-implemented',
] as const satisfies readonly ChangeRefusal[]

/** What coming in by oneself may be refused for. */
export const ENTRY_REFUSALS = [...COMMON_REFUSALS, 'no-team-member', 'too-many-members'] as const

export type ChangeAnswer<W extends ChangeRefusal> =
  | { readonly outcome: 'event'; readonly body: ConversationEvent }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: W }

/** For endpoints that answer with nothing where others answer with the event. */
export const answerDone = <const W extends ChangeRefusal>(
  changed: Answered | FederationObstacle,
  refusals: readonly W[],
): { readonly outcome: 'done' } | { readonly outcome: W } =>
  changed.outcome === 'refused' ? { outcome: declared(changed.why, refusals) } : { outcome: done(changed) }

const done = ({ outcome }: Answered | FederationObstacle): 'done' => {
  if (outcome === 'changed' || outcome === 'unchanged') return 'done'
  throw new Error(`a change ended in an unexpected way: ${outcome}`)
}

/** `refusals` are those that the endpoint declares: any other is a fault of ours. */
export const answerTo = <const W extends ChangeRefusal>(
  changed: Answered | FederationObstacle,
  refusals: readonly W[],
): ChangeAnswer<W> => {
  if (changed.outcome === 'unchanged') return changed
  if (changed.outcome === 'refused') return { outcome: declared(changed.why, refusals) }
  if (changed.outcome === 'changed' && changed.event) return { outcome: 'event', body: changed.event }
  throw new Error(`a change ended in an unexpected way: ${changed.outcome}`)
}

const declared = <W extends ChangeRefusal>(why: ChangeRefusal, refusals: readonly W[]): W => {
  const found = refusals.find((refusal) => refusal === why)
  if (found) return found
  throw new Error(`an endpoint does not declare that a change may be refused as ${why}`)
}
