/** Telling who types (federation-api.md §7.7). */
import { galleyFederation, type TypingDataUpdated } from '#src/contract/federation/galley.ts'
import type { ConversationId, Domain, QualifiedConversationId, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { TypingStatus } from '#src/contract/vocabulary.ts'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Random } from '#src/kit/random.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { isSameUser } from './conversation.ts'
import type { Ephemera } from './ephemera.ts'
import { timestampOf } from './event-times.ts'
import { typingEvent } from './events.ts'
import { fanOut, groupByDomain } from './fan-out.ts'
import { TYPING_TIMEOUT_MS } from './limits.ts'
import { eventPushes } from './pushes.ts'
import { ensureSelfConversation } from './self-conversation.ts'
import type { EventTimes } from './event-times.ts'
import type { GalleyStore } from './store.ts'

export interface TypingNeeds {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly gundeck: Transport
  readonly remotes: RemoteBackends
  readonly ephemera: Ephemera
  readonly clock: Clock
  readonly times: EventTimes
  readonly random: Random
}

export interface Typing {
  readonly typist: QualifiedUserId
  readonly status: TypingStatus
  readonly requestId: string
}

/**
 * In a conversation of ours. What the typist's backend has to tell its own users, or undefined when he is no member.
 * It is left to that backend: ours tells everybody else.
 */
export const typeHere = async (
  needs: TypingNeeds,
  conversation: ConversationId,
  typing: Typing,
): Promise<TypingDataUpdated | undefined> => {
  const { store, domain, clock, ephemera, remotes } = needs
  const { typist, status, requestId } = typing
  await ensureSelfConversation(needs, { actor: typist, conversation })
  const found = await store.addressees(conversation)
  if (!found?.members.some((member) => isSameUser(member, typist))) return undefined
  const others = groupByDomain(found.members.filter((member) => !isSameUser(member, typist)))
  const updated = (addressed: Domain): TypingDataUpdated => ({
    time: timestampOf(clock.now().getTime()),
    orig_user_id: typist,
    conv_id: conversation,
    users_in_conv: (others.get(addressed) ?? []).map(({ id }) => id),
    typing_status: status,
  })
  if (typist.domain !== domain) tellOurs(needs, { domain, id: conversation }, { ...updated(domain), requestId })
  const elsewhere = [...others.keys()].filter((other) => other !== domain && other !== typist.domain)
  if (elsewhere.length > 0) {
    const entry = galleyFederation['on-typing-indicator-updated']
    const context = { requestId, timeoutMs: TYPING_TIMEOUT_MS }
    ephemera.tell('telling other backends that somebody types', () =>
      fanOut(elsewhere, (other) => remotes.call(other, entry, updated(other), context)),
    )
  }
  return updated(typist.domain)
}

/** To users of ours who have a socket open; who types hears of it on none of his devices. */
export const tellOurs = (
  { gundeck, ephemera, random }: TypingNeeds,
  conversation: QualifiedConversationId,
  updated: TypingDataUpdated & { readonly requestId: string },
): void => {
  const { orig_user_id: typist, time, typing_status: status, requestId } = updated
  const event = typingEvent({ conversation, from: typist, time: new Date(time).getTime() }, status)
  const users = updated.users_in_conv
  if (users.length === 0) return
  const pushes = eventPushes(event, users, { ids: random.uuid, origin: null, transient: true })
  ephemera.tell('telling our users that somebody types', () =>
    withDeadline(
      call(gundeck, gundeckInternal.push, { body: { pushes } }, { headers: { 'request-id': requestId } }),
      TYPING_TIMEOUT_MS,
      'pushing that somebody types',
    ),
  )
}

/** As another backend says it: only to those of the users it names who are in that conversation. */
export const tellMembers = async (
  needs: TypingNeeds,
  conversation: QualifiedConversationId,
  updated: TypingDataUpdated & { readonly requestId: string },
): Promise<void> => {
  const { orig_user_id: typist, users_in_conv: named } = updated
  const isTypist = (user: UserId): boolean => isSameUser({ domain: needs.domain, id: user }, typist)
  const members = await needs.store.presentAmong(conversation, [...new Set(named)])
  tellOurs(needs, conversation, { ...updated, users_in_conv: members.filter((user) => !isTypist(user)) })
}
