/** The event is logged for its users, and their devices that listen are told. */
import type { gundeckInternal, Push, PushRecipient } from '#src/contract/internal/gundeck.ts'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import { type GroupCommit, groupCommit } from '#src/kit/group-commit.ts'
import type { Log } from '#src/kit/log.ts'
import { hop } from '#src/kit/trace.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import { isDataError } from '#src/storage/data-error.ts'
import type { Delivery } from './delivery.ts'
import { asciiJson } from './frame.ts'
import { COMMIT_CHARACTERS_MAX, COMMIT_ROWS_MAX, STATEMENT_TIMEOUT_MS, WAITING_CHARACTERS_MAX } from './limits.ts'
import type { Entry, GundeckStore } from './store.ts'
import type { Transients } from './transients.ts'

interface Needs {
  readonly writer: GroupCommit<Entry, void>
  readonly transients: Transients
  readonly log: Log
}

/** Answers when everything is stored; sockets are told at about the same time, and may be told before. */
export const push =
  ({ writer, transients, log }: Needs): Handler<typeof gundeckInternal.push, InternalContext> =>
  async ({ body: { pushes } }, { requestId }) => {
    for (const one of pushes) hop(log, 'gundeck', one.requestId ?? requestId)
    await Promise.all([
      writer.write(pushes.flatMap((one) => (one.transient ? [] : entriesOf(one)))),
      ...pushes.map((one) => (one.transient ? transients.send(one) : undefined)),
    ])
    return { outcome: 'done', body: {} }
  }

/** Numbers the entries of each user, so that together with the push's id each has a key that a repetition repeats. */
export const entriesOf = ({ id, recipients, payload, origin, nativePush = true, priority = 'high' }: Push): Entry[] => {
  // Often everybody has his own.
  let shared: string | undefined
  const counts = new Map<PushRecipient['user'], number>()
  return recipients.map(({ user, clients, payload: own }) => {
    const part = counts.get(user) ?? 0
    counts.set(user, part + 1)
    return {
      user,
      pushId: id,
      part,
      clients,
      originConnection: origin?.user === user ? origin.connection : undefined,
      payload: own ? asciiJson(own) : (shared ??= asciiJson(payload)),
      ...(nativePush && { waking: { priority, except: origin?.user === user ? origin.client : undefined } }),
    }
  })
}

interface WriterNeeds {
  readonly store: GundeckStore
  readonly delivery: Delivery
  readonly clock: Clock
}

/** Stores what comes in together, then hands it to delivery in the order of storing. */
export const notificationWriter = ({ store, delivery, clock }: WriterNeeds): GroupCommit<Entry, void> =>
  groupCommit({
    commit: async (entries) => {
      const now = clock.now().getTime() * 1000
      const stored = await withDeadline(store.append(entries, now), STATEMENT_TIMEOUT_MS, 'storing notifications')
      delivery.stored(stored)
      // What was there already was stored by an earlier try, which may have ended before it could deliver.
      if (stored.length < entries.length) delivery.refresh([...new Set(entries.map((entry) => entry.user))])
      return entries.map(() => undefined)
    },
    isFaultOfItems: isDataError,
    weightOf: (entry) => entry.payload.length,
    itemsMax: COMMIT_ROWS_MAX,
    weightMax: COMMIT_CHARACTERS_MAX,
    waitingWeightMax: WAITING_CHARACTERS_MAX,
  })
