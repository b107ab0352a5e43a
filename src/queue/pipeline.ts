/**
 * A lane to another backend: several letters are under way at the same time, and those that are about the same go one
 * after the other (`topicsOf` in `outbox.ts`). Strictly one after the other, as the original does it, would make the
 * way there and back the measure of a lane, and one message that a peer fails the end of it.
 *
 * A row is deleted after the receiver has answered, those of several answers in one statement. What happens between
 * the two is sent again: receivers are idempotent.
 */
import { causeChain } from '#src/kit/errors.ts'
import { type GroupCommit, groupCommit } from '#src/kit/group-commit.ts'
import type { Verdict } from './classify.ts'
import type { AtOnce } from './delivery.ts'
import { createDoorbell } from './doorbell.ts'
import { bury, type LaneNeeds, type LaneSignals, type Progress } from './lane.ts'
import {
  ACKNOWLEDGED_AT_ONCE_MAX,
  FAILING_LETTERS_MAX,
  HEAD_ROWS_MAX,
  HELD_ROWS_MAX,
  IN_FLIGHT_MAX,
  LANE_IDLE_MS,
  WINDOW_ROWS_MIN,
} from './limits.ts'
import type { StoredLetter } from './outbox-store.ts'
import { createParking, type Parking } from './parking.ts'

/** Sends what may go now, and returns when all that was begun is settled. */
export type Push = (signals: LaneSignals) => Promise<Progress>

export const createPipeline = (needs: LaneNeeds, delivery: AtOnce): Push => {
  const parking = createParking(needs)
  const failing = new Set<string>()
  let isProbing = false
  return async (signals) => {
    if (needs.heard.take()) parking.release()
    parking.resume()
    const progress = await new Run({ ...needs, delivery, parking, failing, isProbing, ...signals }).push()
    isProbing = progress.state === 'failed'
    return progress
  }
}

interface RunNeeds extends Omit<LaneNeeds, 'delivery'>, LaneSignals {
  readonly delivery: AtOnce
  readonly parking: Parking
  /** Letters that the peer failed since it last took one: when they are several, it is not the letters. */
  readonly failing: Set<string>
  /** The last try has failed: one letter goes ahead of the others. */
  readonly isProbing: boolean
}

class Run {
  readonly #needs: RunNeeds
  readonly #bell: ReturnType<typeof createDoorbell>
  readonly #acknowledging: GroupCommit<string, void>
  /** Read and not begun, oldest first. */
  #window: StoredLetter[] = []
  /** Ids of what was read and is not deleted. */
  readonly #held = new Set<string>()
  /** What letters under way are about. */
  readonly #busy = new Set<number>()
  #underWay = 0
  #underWayMax: number
  #isReading = false
  #mayHaveMore = true
  #settled = 0
  #failure: Extract<Progress, { state: 'failed' }> | undefined

  constructor(needs: RunNeeds) {
    this.#needs = needs
    this.#bell = createDoorbell(needs.clock)
    this.#underWayMax = needs.isProbing ? 1 : IN_FLIGHT_MAX
    this.#acknowledging = groupCommit({
      commit: async (ids) => {
        await needs.store.acknowledge(ids)
        return ids.map(() => undefined)
      },
      isFaultOfItems: () => false,
      weightOf: () => 1,
      itemsMax: ACKNOWLEDGED_AT_ONCE_MAX,
      weightMax: ACKNOWLEDGED_AT_ONCE_MAX,
      waitingWeightMax: HELD_ROWS_MAX + HEAD_ROWS_MAX,
    })
  }

  async push(): Promise<Progress> {
    const { work, heard } = this.#needs
    const wake = (): void => this.#bell.ring()
    work.onRing = heard.onRing = wake
    try {
      for (;;) {
        if (work.take()) this.#mayHaveMore = true
        this.#readOn()
        this.#begin()
        if (this.#isDone()) break
        await this.#bell.wait(LANE_IDLE_MS, NEVER)
      }
    } finally {
      work.onRing = heard.onRing = undefined
    }
    if (this.#failure) return { ...this.#failure, settled: this.#settled }
    if (this.#settled > 0) return { state: 'settled', settled: this.#settled }
    const retryInMs = this.#needs.parking.nextMs()
    return { state: 'empty', ...(retryInMs !== undefined && { retryInMs }) }
  }

  get #isOpen(): boolean {
    return !this.#failure && !this.#needs.stop.aborted && !this.#needs.abandon.aborted
  }

  #isDone(): boolean {
    if (this.#underWay > 0 || this.#isReading) return false
    // What is held now is being acknowledged, or was not begun.
    if (this.#held.size > this.#window.length) return false
    return !this.#isOpen || (this.#window.length === 0 && !this.#mayHaveMore)
  }

  #readOn(): void {
    const isWanted = this.#mayHaveMore && this.#window.length < WINDOW_ROWS_MIN && this.#held.size < HELD_ROWS_MAX
    if (!this.#isOpen || this.#isReading || !isWanted) return
    this.#isReading = true
    this.#mayHaveMore = false
    void this.#read().catch((error: unknown) => this.#fail(causeChain(error)))
  }

  async #read(): Promise<void> {
    const { store, lane, parking } = this.#needs
    try {
      const letters = await store.head(lane, { ids: [...this.#held], topics: parking.topics() })
      const parked = new Set(parking.topics())
      for (const letter of letters) {
        // Parked while we were reading.
        if (letter.topics.some((topic) => parked.has(topic))) continue
        this.#held.add(letter.id)
        this.#window.push(letter)
      }
      // Whether that were all there are is known when there are none.
      if (letters.length > 0) this.#mayHaveMore = true
    } finally {
      this.#isReading = false
      this.#bell.ring()
    }
  }

  /** Whatever may go: not before anything older that is about the same. */
  #begin(): void {
    if (!this.#isOpen || this.#underWay >= this.#underWayMax || this.#window.length === 0) return
    const before = new Set(this.#busy)
    const left: StoredLetter[] = []
    for (const letter of this.#window) {
      const isFree = this.#underWay < this.#underWayMax && !letter.topics.some((topic) => before.has(topic))
      for (const topic of letter.topics) before.add(topic)
      if (isFree) void this.#send(letter).catch((error: unknown) => this.#fail(causeChain(error)))
      else left.push(letter)
    }
    this.#window = left
  }

  async #send(letter: StoredLetter): Promise<void> {
    const { delivery, abandon } = this.#needs
    this.#underWay += 1
    for (const topic of letter.topics) this.#busy.add(topic)
    try {
      const verdict = await delivery.send(letter, abandon)
      await this.#settle(letter, verdict)
    } finally {
      this.#release(letter)
    }
  }

  async #settle(letter: StoredLetter, verdict: Verdict): Promise<void> {
    const { parking, tally, abandon } = this.#needs
    switch (verdict.verdict) {
      case 'delivered':
        this.#underWayMax = IN_FLIGHT_MAX
        this.#needs.failing.clear()
        // The next one about the same need not wait until this one is deleted.
        void this.#acknowledge(letter.id).catch((error: unknown) => this.#fail(causeChain(error)))
        return
      case 'undeliverable':
        await bury(this.#needs, letter.id, verdict)
        this.#gone(letter.id)
        return
      case 'retry': {
        this.#held.delete(letter.id)
        // Cut off by us, which says nothing about the receiver.
        if (abandon.aborted) return
        tally.count(this.#needs, 'retried')
        const delayMs = verdict.isOfLetter === true ? parking.park(letter) : undefined
        if (delayMs !== undefined) this.#leaveOut(letter, { delayMs, reason: verdict.reason })
        if (delayMs === undefined || this.#failsAll(letter))
          this.#failure ??= { state: 'failed', settled: 0, ...verdict }
      }
    }
  }

  #failsAll({ id }: StoredLetter): boolean {
    const { failing } = this.#needs
    if (failing.size <= FAILING_LETTERS_MAX) failing.add(id)
    return failing.size > FAILING_LETTERS_MAX
  }

  /** All that is about the same is read again when it may go. */
  #leaveOut({ id, topics }: StoredLetter, why: { readonly delayMs: number; readonly reason: string }): void {
    const { service, lane, log } = this.#needs
    log.info({ service, lane, id, ...why }, 'one notification waits for another try; the lane goes on')
    const isRelated = (letter: StoredLetter): boolean => letter.topics.some((topic) => topics.includes(topic))
    for (const letter of this.#window) if (isRelated(letter)) this.#held.delete(letter.id)
    this.#window = this.#window.filter((letter) => !isRelated(letter))
  }

  async #acknowledge(id: string): Promise<void> {
    await this.#acknowledging.write([id])
    this.#needs.tally.count(this.#needs, 'pushed')
    this.#gone(id)
    this.#bell.ring()
  }

  #gone(id: string): void {
    this.#needs.parking.leave(id)
    this.#held.delete(id)
    this.#settled += 1
    this.#needs.onSettled?.()
  }

  #release({ topics }: StoredLetter): void {
    this.#underWay -= 1
    for (const topic of topics) this.#busy.delete(topic)
    this.#bell.ring()
  }

  /** The database, or a fault of ours. Rows are where they were, and what was answered is sent again. */
  #fail(reason: string): void {
    this.#failure ??= { state: 'failed', settled: 0, reason }
    // Nothing of it will be acknowledged any more.
    this.#held.clear()
    this.#window = []
    this.#bell.ring()
  }
}

const NEVER = new AbortController().signal
