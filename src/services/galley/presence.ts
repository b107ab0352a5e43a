/**
 * Which of our users are in conversations that other backends own. Messages that come at about the same time are
 * answered by one question to the database.
 */
import type { QualifiedConversationId, UserId } from '#src/contract/ids.ts'
import { sharedQuestion } from '#src/kit/shared-question.ts'
import { PRESENCE_QUESTIONS_AT_ONCE, PRESENCE_QUESTION_USERS_MAX } from './limits.ts'
import type { MembershipStore, Place } from './store-memberships.ts'

export interface Presence {
  /** Those of the users who are on record as members. */
  among(conversation: QualifiedConversationId, users: readonly UserId[]): Promise<UserId[]>
}

export const presenceIn = (store: Pick<MembershipStore, 'placesTaken'>): Presence => {
  const question = sharedQuestion<Place, ReadonlySet<Place>>({
    ask: (places) => store.placesTaken(places),
    atOnce: PRESENCE_QUESTIONS_AT_ONCE,
    keysMax: PRESENCE_QUESTION_USERS_MAX,
  })
  return {
    among: async (conversation, users) => {
      const places = users.map((user) => ({ conversation, user }))
      const taken = places.length === 0 ? new Set() : await question(places)
      return places.filter((place) => taken.has(place)).map(({ user }) => user)
    },
  }
}
