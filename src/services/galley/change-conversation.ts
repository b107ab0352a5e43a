/**
 * Changing a conversation of this backend, whoever wants it: a user of ours, or one of another backend through it.
 *
 * What has to be asked of others is asked first (`prepare-change.ts`). Then one transaction decides by how the
 * conversation stands, changes it, gives the change its time and queues all that follows from it. If what was asked
 * beforehand was about members that are no longer the same, everything begins anew.
 */
import type { ConversationEvent } from '#src/contract/client/conversation-events.ts'
import type { ConversationUpdate } from '#src/contract/federation/conversation-updates.ts'
import type { Domain, QualifiedUserId } from '#src/contract/ids.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { Random } from '#src/kit/random.ts'
import { type Announcement, announcementLetters, updateFor } from './announce.ts'
import { type Change, type ChangeRefusal, removing, type WishedChange } from './change.ts'
import type { EventTime } from './event-times.ts'
import { updateEvent } from './events.ts'
import type { FederationObstacle } from './federation-check.ts'
import { judge } from './judge-change.ts'
import { CHANGING_ATTEMPTS_MAX } from './limits.ts'
import { type Prepared, prepareChange, type PreparingNeeds } from './prepare-change.ts'
import type { GalleyTransaction } from './store.ts'
import type { Standing } from './store-changes.ts'

export interface ChangingNeeds extends PreparingNeeds {
  readonly random: Random
}

export type Changed =
  | {
      readonly outcome: 'changed'
      readonly event: ConversationEvent | undefined
      /** What the actor's own backend is told, as the answer. */
      readonly update: ConversationUpdate
    }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'refused'; readonly why: ChangeRefusal }
  | FederationObstacle

export const changeConversation = async (needs: ChangingNeeds, wished: WishedChange): Promise<Changed> => {
  for (let attempt = 0; attempt < CHANGING_ATTEMPTS_MAX; attempt += 1) {
    const prepared = await prepareChange(needs, wished)
    if (prepared.outcome !== 'prepared') return prepared
    const changed = await needs.store.transaction((tx) => carryOut(needs, { tx, wished, prepared }))
    if (changed.outcome !== 'moved') return changed
  }
  throw new Refusal(503, 'try-again', { detail: 'the members of the conversation keep changing' })
}

interface Attempt {
  readonly tx: GalleyTransaction
  readonly wished: WishedChange
  readonly prepared: Prepared
}

const carryOut = async (
  needs: ChangingNeeds,
  { tx, wished, prepared }: Attempt,
): Promise<Changed | { readonly outcome: 'moved' }> => {
  const { domain, membersMax } = needs
  const { actor, conversation } = wished
  const standing = await tx.lockStanding(conversation)
  if (!standing) return { outcome: 'refused', why: 'not-found' }
  if (prepared.revision !== undefined && prepared.revision !== standing.revision) return { outcome: 'moved' }
  const verdict = judge(standing, wished, { domain, membersMax, people: prepared.people })
  if (verdict.outcome !== 'accepted') return verdict

  const { change } = verdict
  const time = await store(tx, { standing, change, now: needs.times.next() })
  const [told, ...evictions] = announcements({ domain, standing, change, actor, time })
  const context = { ids: needs.random.uuid, origin: wished.origin, requestId: wished.requestId }
  await tx.enqueue([told, ...evictions].flatMap((announcement) => announcementLetters(announcement, context)))
  return {
    outcome: 'changed',
    event: updateEvent(told.happening, told.action),
    update: updateFor(actor.domain, told),
  }
}

interface Storing {
  readonly standing: Standing
  readonly change: Change
  readonly now: EventTime
}

const store = async (tx: GalleyTransaction, { standing, change, now }: Storing): Promise<EventTime> => {
  const { id } = standing.conversation
  if (change.action.tag === 'ConversationDeleteTag') return tx.deleteConversation(id, now)
  const { conversation, add, promote, evict } = change
  const remove = [...change.remove, ...evict]
  const isAccess = change.action.tag === 'ConversationAccessDataTag'
  if (isAccess && !conversation.access.includes('code')) await tx.deleteCode(id)
  const isNewRevision = isAccess || add.length > 0 || remove.length > 0
  return tx.applyChange(id, { conversation, add, remove, promote, isNewRevision, now, events: 1 + evict.length })
}

interface Telling {
  readonly domain: Domain
  readonly standing: Standing
  readonly change: Change
  readonly actor: QualifiedUserId
  readonly time: EventTime
}

/**
 * The change itself goes to all who were members or are now, but not to the backend of an actor elsewhere: it is
 * answered (rules.md §6). Who has to go because of it is told to that backend too.
 */
const announcements = ({
  domain,
  standing,
  change,
  actor,
  time,
}: Telling): readonly [Announcement, ...Announcement[]] => {
  const before = standing.members.map(({ user }) => user)
  const { id, team } = standing.conversation
  const happening = { conversation: { domain, id }, from: actor, time, team }
  return [
    {
      happening,
      action: change.action,
      to: [...before, ...change.add.map(({ user }) => user)],
      except: actor.domain,
    },
    ...change.evict.map((user, index): Announcement => ({
      happening: { ...happening, time: time + 1 + index },
      action: removing([user]),
      to: before,
    })),
  ]
}
