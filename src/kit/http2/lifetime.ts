/**
 * Whether a connection still gets on, looked at now and then: one timer for all that may stand still on it. What may
 * not take long may take up to one look longer.
 */
import type { Clock } from '../clock.ts'

const LOOK_MS = 5_000
/** How long after the goodbye the other end has to hang up, before we do. */
const LINGER_MS = 2_000

export interface Sight {
  /** Frames that have begun. */
  readonly frames: number
  /** One of them, or a block of fields, is not complete. */
  readonly isHalfWay: boolean
  /** How often the other end has taken something. */
  readonly progress: number
  /** Something waits for it. */
  readonly isWaitedFor: boolean
}

export interface LifetimeEvents {
  look(): Sight
  onStopped(what: string): void
  onStalled(): void
}

export interface LifetimeOptions {
  readonly clock: Clock
  readonly halfWayMs: number
  readonly stalledMs: number
}

export class Lifetime implements Disposable {
  readonly #options: LifetimeOptions
  readonly #events: LifetimeEvents
  readonly #startMs: number
  #areSettingsTaken = false
  #before: Sight
  /** Since when the same frame is half-way, and the same bytes wait. */
  #halfWaySinceMs: number
  #waitedSinceMs: number
  #timer: Disposable
  #lingering: Disposable | undefined
  #isOver = false
  #alsoLook: (() => void) | undefined

  constructor(options: LifetimeOptions, events: LifetimeEvents) {
    this.#options = options
    this.#events = events
    this.#startMs = options.clock.monotonicMs()
    this.#halfWaySinceMs = this.#startMs
    this.#waitedSinceMs = this.#startMs
    this.#before = { frames: 0, isHalfWay: false, progress: 0, isWaitedFor: false }
    this.#timer = this.#plan()
  }

  /** For what else is to be looked at now and then. */
  alsoLook(look: () => void): void {
    this.#alsoLook = look
  }

  settingsTaken(): void {
    this.#areSettingsTaken = true
  }

  /** Afterwards only the hanging up is waited for. */
  linger(hangUp: () => void): void {
    this.#lingering ??= this.#options.clock.after(LINGER_MS, hangUp)
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    this.#timer[Symbol.dispose]()
    this.#lingering?.[Symbol.dispose]()
  }

  #plan(): Disposable {
    return this.#options.clock.after(LOOK_MS, () => this.#look())
  }

  #look(): void {
    if (this.#isOver) return
    this.#timer = this.#plan()
    const { clock, halfWayMs, stalledMs } = this.#options
    const nowMs = clock.monotonicMs()
    const before = this.#before
    const sight = this.#events.look()
    this.#before = sight
    if (!sight.isHalfWay || !before.isHalfWay || sight.frames !== before.frames) this.#halfWaySinceMs = nowMs
    if (!sight.isWaitedFor || !before.isWaitedFor || sight.progress !== before.progress) this.#waitedSinceMs = nowMs
    if (nowMs - this.#waitedSinceMs >= stalledMs) return this.#events.onStalled()
    if (!this.#areSettingsTaken && nowMs - this.#startMs >= halfWayMs)
      return this.#events.onStopped('our settings are not taken')
    if (nowMs - this.#halfWaySinceMs >= halfWayMs) return this.#events.onStopped('a frame does not get complete')
    this.#alsoLook?.()
  }
}
