/**
 * Telling the other replicas, and hearing from them. With an embedded database there are none, and this costs nothing.
 * Notes about stored notifications are not sent here but by the statement that stores (`store.ts`), so that a crash
 * cannot come between the two.
 */
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import type { Database } from '#src/storage/database.ts'
import type { Delivery } from './delivery.ts'
import { NOTE_BYTES_MAX } from './limits.ts'
import { CHANNEL, parseTransient, ReplicaNote, type Transient } from './replica-note.ts'
import type { GundeckStore, StreamEnd } from './store.ts'

export interface Replicas extends AsyncDisposable {
  announceTransient(transient: Transient): Promise<void>
  announceRemoved(removed: { readonly user: UserId; readonly client?: ClientId }): Promise<void>
}

interface Needs {
  /** Undefined when there can be no other replica. */
  readonly replica: string | undefined
  readonly database: Pick<Database, 'listen' | 'notify'>
  readonly store: GundeckStore
  readonly delivery: Delivery
  readonly onTransient: (transient: Transient) => void
  readonly onRemoved: (removed: { readonly user: UserId; readonly client?: ClientId }) => void
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export const connectReplicas = async (needs: Needs): Promise<Replicas> => {
  const { replica, database, store, clock, random } = needs
  if (replica === undefined) return NO_REPLICAS
  const listening = await database.listen(CHANNEL, (text) => void hear(needs, text))
  const announce = (note: Omit<ReplicaNote, 'from'>): Promise<void> =>
    database.notify(CHANNEL, JSON.stringify({ from: replica, ...note }))
  return {
    announceTransient: async (transient) => {
      const text = JSON.stringify({ from: replica, transient })
      // All of it is ASCII: characters are bytes.
      if (text.length <= NOTE_BYTES_MAX) return database.notify(CHANNEL, text)
      const id = random.uuid()
      await store.keepTransient(id, clock.now().getTime() * 1000, JSON.stringify(transient))
      await announce({ transientId: id })
    },
    announceRemoved: (removed) => announce({ removed }),
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  }
}

const NO_REPLICAS: Replicas = {
  announceTransient: async () => {},
  announceRemoved: async () => {},
  [Symbol.asyncDispose]: async () => {},
}

const hear = async (needs: Needs, text: string): Promise<void> => {
  const { replica, delivery, log } = needs
  try {
    // The database says with an empty text that the connection was lost for a while.
    if (text === '') return delivery.refresh()
    const note = ReplicaNote.parse(JSON.parse(text))
    if (note.from !== replica) await act(needs, note)
  } catch (error) {
    log.error({ err: error }, 'hearing from another replica')
    delivery.refresh()
  }
}

const act = async ({ store, delivery, onTransient, onRemoved }: Needs, note: ReplicaNote): Promise<void> => {
  if (note.stored) delivery.grown(endsOf(note.stored))
  if (note.transient) onTransient(note.transient)
  if (note.removed) onRemoved(note.removed)
  if (note.transientId === undefined) return
  const body = await store.transient(note.transientId)
  if (body !== undefined) onTransient(parseTransient(body))
}

const endsOf = (places: NonNullable<ReplicaNote['stored']>): Map<UserId, StreamEnd> =>
  new Map(places.map(([user, at, seq]) => [user, { at, seq }]))
