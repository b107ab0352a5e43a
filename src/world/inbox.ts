/** What one device has been told, in order, and waiting for something to be among it. */
import { EventEmitter, on } from 'node:events'
import { DeadlineExceeded, withDeadline } from '#src/kit/deadline.ts'
import type { AppEvent } from './app-socket.ts'
import { PATIENCE_MS } from './limits.ts'

export interface Told {
  readonly id: string
  readonly transient?: boolean | undefined
  readonly payload: readonly AppEvent[]
  readonly receivedAt?: number
}

export class Inbox {
  readonly #events: AppEvent[] = []
  readonly #seen = new Set<string>()
  readonly #changes = new EventEmitter()
  readonly #receivedAt = new WeakMap<AppEvent, number>()
  #last: string | undefined

  constructor() {
    this.#changes.setMaxListeners(0)
  }

  /** A notification that came over the socket may come again by catching up; its id tells. */
  add({ id, transient, payload, receivedAt }: Told): void {
    if (this.#seen.has(id)) return
    this.#seen.add(id)
    if (transient !== true) this.#last = id
    this.#events.push(...payload)
    if (receivedAt !== undefined) for (const event of payload) this.#receivedAt.set(event, receivedAt)
    this.#changes.emit('change')
  }

  get events(): readonly AppEvent[] {
    return this.#events
  }

  /** When the socket brought it; undefined if catching up did. */
  receivedAt(event: AppEvent): number | undefined {
    return this.#receivedAt.get(event)
  }

  /** Where catching up starts. */
  get lastStored(): string | undefined {
    return this.#last
  }

  /** Resolves as soon as the events satisfy `find`, which they may do already. */
  async until<T>(
    what: string,
    find: (events: readonly AppEvent[]) => T | undefined,
    patienceMs = PATIENCE_MS,
  ): Promise<T> {
    const work = async (signal: AbortSignal): Promise<T> => {
      const already = find(this.#events)
      if (already !== undefined) return already
      for await (const _ of on(this.#changes, 'change', { signal })) {
        const found = find(this.#events)
        if (found !== undefined) return found
      }
      throw new Error('an inbox does not end')
    }
    return withDeadline(work, patienceMs, what).catch((cause: unknown) => {
      if (!(cause instanceof DeadlineExceeded)) throw cause
      throw new Error(`${what} did not come within ${patienceMs} ms; came so far: ${this.#summary()}`, { cause })
    })
  }

  #summary(): string {
    return this.#events.map((event) => event.type).join(', ') || 'nothing'
  }
}
