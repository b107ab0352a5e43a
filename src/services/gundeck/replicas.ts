/**
 * Telling the other replicas, and hearing from them. With an embedded database there are none, and this costs nothing.
 * Notes about stored notifications are not sent here but by the statement that stores (`store.ts`), so that a crash
 * cannot come between the two.
 */
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { keepUp } from '#src/kit/upkeep.ts'
import type { Database } from '#src/storage/database.ts'
import { STATEMENT_TIMEOUT_MS } from '#src/storage/limits.ts'
import type { Delivery } from './delivery.ts'
import { DEVICES_PER_NOTE_MAX, NOTE_BYTES_MAX, OBJECTION_MS, REPLICA_ROUND_MS } from './limits.ts'
import { CHANNEL, parseTransient, ReplicaNote, type Transient } from './replica-note.ts'
import type { GundeckStore, StreamEnd } from './store.ts'
import type { ReplicaList } from './store-replicas.ts'
import type { Device } from './waking.ts'

export interface Replicas extends AsyncDisposable {
  announceTransient(transient: Transient): Promise<void>
  announceRemoved(removed: { readonly user: UserId; readonly client?: ClientId }): Promise<void>
  /** Which of these devices other replicas say that they listen to them; who does not say so in time has none. */
  listeners(devices: readonly Device[]): Promise<readonly Device[]>
}

interface Needs {
  /** Undefined when there can be no other replica. */
  readonly replica: string | undefined
  readonly database: Pick<Database, 'listen' | 'notify'>
  readonly store: GundeckStore
  readonly list: ReplicaList
  readonly delivery: Delivery
  readonly onTransient: (transient: Transient) => void
  readonly onRemoved: (removed: { readonly user: UserId; readonly client?: ClientId }) => void
  readonly isConnected: (device: Device) => boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export const connectReplicas = async (needs: Needs): Promise<Replicas> => {
  const { replica, database, store, clock, random } = needs
  if (replica === undefined) return NO_REPLICAS
  const announce = (note: Omit<ReplicaNote, 'from'>): Promise<void> =>
    database.notify(CHANNEL, JSON.stringify({ from: replica, ...note }))
  const questions = new Map<string, Device[]>()
  await using starting = new AsyncDisposableStack()
  starting.use(await database.listen(CHANNEL, (text) => void hear({ ...needs, announce, questions }, text)))
  starting.use(await standOnList(needs, replica))
  const owned = starting.move()
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
    listeners: async (devices) => {
      const question = random.uuid()
      const found: Device[] = []
      questions.set(question, found)
      for (let start = 0; start < devices.length; start += DEVICES_PER_NOTE_MAX) {
        const some = devices.slice(start, start + DEVICES_PER_NOTE_MAX)
        await announce({ sought: { question, devices: some.map(({ user, client }) => [user, client]) } })
      }
      await clock.sleep(OBJECTION_MS)
      questions.delete(question)
      return found
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/**
 * Others tell only those who stand on the list, so this begins after listening and before the first socket. What was
 * begun before does not tell us and may end later: until it cannot any more, sockets are compared with the database now
 * and then; and again when others have taken us off, because they had not heard of us for too long.
 */
const standOnList = async ({ list, delivery, clock, log }: Needs, replica: string): Promise<AsyncDisposable> => {
  await list.enlist(replica)
  let listedMs: number | undefined = clock.monotonicMs()
  const work = async (): Promise<void> => {
    const stood = await list.enlist(replica)
    const nowMs = clock.monotonicMs()
    if (!stood) listedMs = nowMs
    if (listedMs === undefined) return
    delivery.refresh()
    if (nowMs - listedMs > STATEMENT_TIMEOUT_MS) listedMs = undefined
  }
  const rounds = keepUp({ work, everyMs: REPLICA_ROUND_MS, what: 'standing on the list of replicas' }, { clock, log })
  return {
    [Symbol.asyncDispose]: async () => {
      await rounds[Symbol.asyncDispose]()
      // Otherwise the others find out by themselves.
      await list.leave(replica).catch((error: unknown) => log.warn({ err: error }, 'leaving the list of replicas'))
    },
  }
}

const NO_REPLICAS: Replicas = {
  announceTransient: async () => {},
  announceRemoved: async () => {},
  listeners: async () => [],
  [Symbol.asyncDispose]: async () => {},
}

interface Hearing extends Needs {
  readonly announce: (note: Omit<ReplicaNote, 'from'>) => Promise<void>
  /** Those of ours that are open, and the devices that were named in answer to them. */
  readonly questions: ReadonlyMap<string, Device[]>
}

const hear = async (needs: Hearing, text: string): Promise<void> => {
  const { replica, delivery, log } = needs
  try {
    // The database says with an empty text that the connection was lost for a while.
    if (text === '') return delivery.refresh()
    // Our own, which are most of them: nothing else in a note is a replica's name.
    if (replica !== undefined && text.includes(replica)) return
    const note = ReplicaNote.parse(JSON.parse(text))
    await act(needs, note)
  } catch (error) {
    log.error({ err: error }, 'hearing from another replica')
    delivery.refresh()
  }
}

const act = async (needs: Hearing, note: ReplicaNote): Promise<void> => {
  const { store, delivery, onTransient, onRemoved } = needs
  if (note.stored) delivery.grown(endsOf(note.stored))
  if (note.transient) onTransient(note.transient)
  if (note.removed) onRemoved(note.removed)
  if (note.sought) await answer(needs, note.sought)
  if (note.listening) needs.questions.get(note.listening.question)?.push(...note.listening.devices.map(asDevice))
  if (note.transientId === undefined) return
  const body = await store.transient(note.transientId)
  if (body !== undefined) onTransient(parseTransient(body))
}

const answer = async (
  { isConnected, announce }: Hearing,
  { question, devices }: NonNullable<ReplicaNote['sought']>,
): Promise<void> => {
  const connected = devices.filter((device) => isConnected(asDevice(device)))
  if (connected.length > 0) await announce({ listening: { question, devices: connected } })
}

const asDevice = ([user, client]: [UserId, ClientId]): Device => ({ user, client })

const endsOf = (places: NonNullable<ReplicaNote['stored']>): Map<UserId, StreamEnd> =>
  new Map(places.map(([user, at, seq]) => [user, { at, seq }]))
