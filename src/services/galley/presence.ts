/**
 * Which of our users are in conversations that other backends own. Messages that come at about the same time are
 * answered by one question to the database.
 *
 * Who is in one is remembered for a moment, so that most messages need no question; who is not is asked about each time,
 * for he may be in by now. What this process learns of somebody who is out counts at once. What another process of this
 * backend learns may count here {@link PRESENCE_MS} later, and that is harmless: to whom a message goes the owner decides,
 * and he told us of the removal, so he sends nothing more to who was removed. Only an owner who lies could, for a moment.
 */
import type { QualifiedConversationId, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { boundedCache } from '#src/kit/lru.ts'
import { sharedQuestion } from '#src/kit/shared-question.ts'
import {
  PRESENCE_MS,
  PRESENCE_QUESTIONS_AT_ONCE,
  PRESENCE_QUESTION_USERS_MAX,
  PRESENCE_REMEMBERED_MAX,
} from './limits.ts'
import type { GalleyStore } from './store.ts'
import type { Place } from './store-memberships.ts'

export interface Presence {
  /** Those of the users who are on record as members. */
  among(conversation: QualifiedConversationId, users: readonly UserId[]): Promise<UserId[]>
}

interface Needs {
  readonly store: Pick<GalleyStore, 'placesTaken' | 'onPlacesLost'>
  readonly clock: Clock
}

export const presenceIn = ({ store, clock }: Needs): Presence => {
  const known = boundedCache<string, true>({ max: PRESENCE_REMEMBERED_MAX, ttlMs: PRESENCE_MS, clock })
  let losses = 0
  store.onPlacesLost(() => {
    losses += 1
    known.clear()
  })
  const question = sharedQuestion<Place, ReadonlySet<Place>>({
    ask: async (places) => {
      const lossesBefore = losses
      const taken = await store.placesTaken(places)
      // What was read before somebody went may say that he is there.
      if (losses === lossesBefore) for (const place of taken) known.set(keyOf(place), true)
      return taken
    },
    atOnce: PRESENCE_QUESTIONS_AT_ONCE,
    keysMax: PRESENCE_QUESTION_USERS_MAX,
  })
  return {
    among: async (conversation, users) => {
      const places = users.map((user) => ({ conversation, user }))
      const unknown = places.filter((place) => known.get(keyOf(place)) === undefined)
      if (unknown.length === 0) return [...users]
      const taken = await question(unknown)
      const absent = new Set(unknown.filter((place) => !taken.has(place)))
      return places.filter((place) => !absent.has(place)).map(({ user }) => user)
    },
  }
}

const keyOf = ({ conversation: { id, domain }, user }: Place): string => `${user} ${id} ${domain}`
