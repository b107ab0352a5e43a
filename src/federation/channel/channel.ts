/** All sessions with one target of one backend, and the requests that wait for room on them. */
import { SESSION_DRAIN_MS, SESSION_OPENINGS_MAX, SESSIONS_PER_TARGET_MAX } from '../limits.ts'
import type { PeerRequest, PeerResponse } from './exchange.ts'
import { PeerFailure } from './peer-failure.ts'
import { type Destination, openSession, type PeerSession, type SessionNeeds } from './session.ts'
import { createWaitingLine, type WaitingLine } from './waiting-line.ts'

export interface ChannelLoad {
  readonly sessions: number
  readonly streams: number
  readonly waiting: number
}

export interface ChannelEvents {
  isCoolingDown(): boolean
  onOpened(): void
  onFailed(): void
  /** There is nothing left in this channel; a later request makes a new one. */
  onUnused(): void
}

export class Channel {
  readonly #destination: Destination
  readonly #needs: SessionNeeds
  readonly #events: ChannelEvents
  readonly #sessions = new Set<PeerSession>()
  readonly #line: WaitingLine
  #opening: Promise<void> | undefined

  constructor(destination: Destination, needs: SessionNeeds, events: ChannelEvents) {
    this.#destination = destination
    this.#needs = needs
    this.#events = events
    this.#line = createWaitingLine(needs.clock, needs.headersTimeoutMs)
  }

  /** Sends the request on a session that has room for it. */
  async request(request: PeerRequest): Promise<PeerResponse> {
    const { signal } = request
    for (let openings = 0; openings < SESSION_OPENINGS_MAX;) {
      signal?.throwIfAborted()
      for (const session of this.#sessions) {
        // Room that was seen must be taken in the same turn, or others take it too.
        if (session.isUsable && session.hasRoom && !session.isDoubtful) return await session.request(request)
      }
      const usable = [...this.#sessions].filter((session) => session.isUsable)
      const doubtful = usable.find((session) => session.hasRoom)
      if (doubtful) {
        await doubtful.check()
        continue
      }
      this.#grow(usable.length)
      if (!this.#opening) {
        await this.#line.wait(signal)
        // Not used after all: the room belongs to the next in line.
        if (signal?.aborted) this.#line.wake(1)
        continue
      }
      if (usable.length === 0) openings += 1
      // While an older session works, a new one that fails to open is only a lost chance to go faster.
      await this.#opening.catch((error: unknown) => {
        if (usable.length === 0) throw error
      })
    }
    throw new PeerFailure('http', 'the peer closes every session at once')
  }

  load(): ChannelLoad {
    const sessions = [...this.#sessions]
    const streams = sessions.reduce((sum, { active }) => sum + active, 0)
    return { sessions: sessions.length, streams, waiting: this.#line.length }
  }

  /** No new requests on the present sessions; those under way may finish. */
  close(): void {
    for (const session of this.#sessions) session.close()
  }

  /** Closes, and waits a moment for what is under way. */
  async drain(): Promise<void> {
    this.close()
    await Promise.all([...this.#sessions].map((session) => session.closedWithin(SESSION_DRAIN_MS)))
  }

  #grow(usable: number): void {
    if (this.#opening) return
    const mayGrow = usable < SESSIONS_PER_TARGET_MAX && !this.#events.isCoolingDown()
    if (usable === 0 || mayGrow) this.#opening = this.#open()
  }

  async #open(): Promise<void> {
    try {
      const session = await openSession(this.#destination, this.#needs, {
        onRoom: (requests) => this.#line.wake(requests),
        onRetired: () => this.#line.wake(Number.POSITIVE_INFINITY),
        onClosed: () => this.#changed(),
      })
      if (!session.isClosed) this.#sessions.add(session)
      this.#events.onOpened()
    } catch (error) {
      this.#events.onFailed()
      throw error
    } finally {
      this.#opening = undefined
      this.#changed()
    }
  }

  #changed(): void {
    for (const session of this.#sessions) if (session.isClosed) this.#sessions.delete(session)
    this.#line.wake(Number.POSITIVE_INFINITY)
    if (this.#sessions.size === 0 && this.#line.isEmpty && !this.#opening) this.#events.onUnused()
  }
}
