/** Messages that come at about the same time are accepted in one statement: one commit for all of them. */
import { type GroupCommit, groupCommit } from '#src/kit/group-commit.ts'
import { isDataError } from '#src/storage/data-error.ts'
import type { EventTime, EventTimes } from './event-times.ts'
import { ACCEPTED_AT_ONCE_MAX, ACCEPTED_CHARACTERS_MAX, ACCEPTING_CHARACTERS_MAX } from './limits.ts'
import type { MessageToAccept, SendingStore } from './store-sending.ts'

/** It gets its time when it is stored: what people are told while it waits is earlier, and stays so for stock clients. */
export type UntimedMessage = Omit<MessageToAccept, 'now'>

export const acceptTogether = (
  store: SendingStore,
  times: EventTimes,
): GroupCommit<UntimedMessage, EventTime | undefined> =>
  groupCommit({
    commit: (messages) => store.accept(messages.map((message) => ({ ...message, now: times.next() }))),
    isFaultOfItems: isDataError,
    weightOf: ({ letters }) => letters.reduce((sum, { text }) => sum + text.length, 0),
    itemsMax: ACCEPTED_AT_ONCE_MAX,
    weightMax: ACCEPTED_CHARACTERS_MAX,
    waitingWeightMax: ACCEPTING_CHARACTERS_MAX,
  })
