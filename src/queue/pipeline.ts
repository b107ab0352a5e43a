/**
 * A lane to another backend: several letters are under way at the same time, and those that are about the same go one
 * after the other (`topicsOf` in `outbox.ts`). Strictly one after the other, as the original does it, would make the
 * way there and back the measure of a lane, and one message that a peer fails the end of it.
 *
 * A row is deleted after the receiver has answered, those of several answers in one statement, a moment later: nobody waits
 * for it, and a statement for each letter would take from the next one. What was answered and not deleted when we die is
 * sent again: receivers are idempotent.
 */
import { onAbort } from '#src/kit/abort.ts'
import { causeChain } from '#src/kit/errors.ts'
import { type GroupCommit, groupCommit } from '#src/kit/group-commit.ts'
import type { Verdict } from './classify.ts'
import type { AtOnce } from './delivery.ts'
import { createDoorbell } from './doorbell.ts'
import { bury, type LaneNeeds, type LaneSignals, type Progress } from './lane.ts'
import {
  ACKNOWLEDGED_AT_ONCE_MAX,
  ACKNOWLEDGING_DELAY_MS,
  ACKNOWLEDGING_ROWS_MAX,
  BATCH_CHARACTERS_MAX,
  BATCHES_IN_FLIGHT_MAX,
  FAILING_LETTERS_MAX,
  HEAD_BYTES_MAX,
  HEAD_ROWS_MAX,
  HELD_ROWS_MAX,
  IN_FLIGHT_MAX,
  WINDOW_ROWS_MIN,
} from './limits.ts'
import { charactersOf } from './inlet.ts'
import type { Head, StoredLetter } from './outbox-store.ts'
import { createParking, type Parking } from './parking.ts'

/** Sends what may go now, and returns when all that was begun is settled. */
export type Push = (signals: LaneSignals) => Promise<Progress>

export const createPipeline = (needs: LaneNeeds, delivery: AtOnce): Push => {
  const parking = createParking(needs)
  const failing = new Set<string>()
  let isProbing = false
  let run: Run | undefined
  // Who waits by himself is read again one day, and what is about the same must not be sent before that.
  needs.inlet.open((letters) => parking.nextMs() === undefined && run?.hasRoom(letters) !== false)
  return async (signals) => {
    if (needs.heard.take()) parking.release()
    if (parking.nextMs() !== undefined) needs.inlet.ring()
    run = new Run({ ...needs, delivery, parking, failing, isProbing, ...signals })
    const progress = await run.push()
    run = undefined
    isProbing = progress.state === 'failed'
    if (isProbing) needs.inlet.forget()
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
  /** Delivered, and not being deleted yet. */
  #delivered: string[] = []
  #acknowledgingSoon: Disposable | undefined
  /** Read and not begun, oldest first. */
  #window: StoredLetter[] = []
  /** Ids of what was read and is not deleted. */
  readonly #held = new Set<string>()
  /** What letters under way are about. */
  readonly #busy = new Set<number>()
  /** Requests. */
  #underWay = 0
  #isProbing: boolean
  #isReading = false
  #settled = 0
  #failure: Extract<Progress, { state: 'failed' }> | undefined

  constructor(needs: RunNeeds) {
    this.#needs = needs
    this.#bell = createDoorbell(needs.clock)
    this.#isProbing = needs.isProbing
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
    const { work, heard, inlet, stop } = this.#needs
    const wake = (): void => this.#bell.ring()
    work.onRing = heard.onRing = wake
    const stopListening = onAbort(stop, wake)
    try {
      for (;;) {
        work.take()
        this.#hold(inlet.take())
        this.#readOn()
        this.#begin()
        if (!this.#isOpen && this.#delivered.length > 0) this.#acknowledgeNow()
        if (this.#isDone()) break
        // All that it can wait for rings.
        await this.#bell.wait()
      }
    } finally {
      work.onRing = heard.onRing = undefined
      stopListening()
    }
    if (this.#failure) return { ...this.#failure, settled: this.#settled }
    if (inlet.hasMore) return { state: 'settled', settled: this.#settled }
    const retryInMs = this.#needs.parking.nextMs()
    return { state: 'empty', settled: this.#settled, ...(retryInMs !== undefined && { retryInMs }) }
  }

  hasRoom(letters: readonly StoredLetter[]): boolean {
    const isRoomy = this.#held.size + letters.length <= HELD_ROWS_MAX
    return this.#isOpen && isRoomy && charactersOf(this.#window) + charactersOf(letters) <= HEAD_BYTES_MAX
  }

  get #isOpen(): boolean {
    return !this.#failure && !this.#needs.stop.aborted && !this.#needs.abandon.aborted
  }

  #isDone(): boolean {
    if (this.#underWay > 0 || this.#isReading) return false
    // What is held now is being acknowledged, or was not begun.
    if (this.#held.size > this.#window.length) return false
    return !this.#isOpen || (this.#window.length === 0 && !this.#needs.inlet.hasMore)
  }

  #readOn(): void {
    const { inlet } = this.#needs
    const isWanted = inlet.isUnread && this.#window.length < WINDOW_ROWS_MIN && this.#held.size < HELD_ROWS_MAX
    if (!this.#isOpen || this.#isReading || !isWanted) return
    this.#isReading = true
    void this.#read().catch((error: unknown) => this.#fail(causeChain(error)))
  }

  async #read(): Promise<void> {
    const { store, lane, parking, inlet } = this.#needs
    inlet.beginReading()
    parking.resume()
    let head: Head | undefined
    try {
      head = await store.head(lane, {
        // One is enough to find out whether the peer is back; most of the time it is not.
        rowsMax: this.#isProbing ? 1 : HEAD_ROWS_MAX,
        exceptIds: [...this.#held],
        exceptTopics: parking.topics(),
      })
    } finally {
      this.#isReading = false
      inlet.endReading(head)
      this.#bell.ring()
    }
    const parked = new Set(parking.topics())
    // Parked while we were reading.
    this.#hold(head.letters.filter(({ topics }) => !topics.some((topic) => parked.has(topic))))
  }

  #hold(letters: readonly StoredLetter[]): void {
    for (const letter of letters) {
      this.#held.add(letter.id)
      this.#window.push(letter)
    }
  }

  #begin(): void {
    while (this.#isOpen && this.#underWay < this.#underWayMax()) {
      const letters = this.#next()
      if (letters.length === 0) return
      void this.#send(letters).catch((error: unknown) => this.#fail(causeChain(error)))
    }
  }

  #underWayMax(): number {
    if (this.#isProbing) return 1
    return this.#needs.delivery.carries > 1 ? BATCHES_IN_FLIGHT_MAX : IN_FLIGHT_MAX
  }

  /** The oldest that may go, as many as one request carries: nothing before anything older that is about the same. */
  #next(): StoredLetter[] {
    const max = this.#isProbing ? 1 : this.#needs.delivery.carries
    const before = new Set(this.#busy)
    const taken: StoredLetter[] = []
    const left: StoredLetter[] = []
    let characters = 0
    for (const letter of this.#window) {
      const fits = taken.length === 0 || (taken.length < max && characters + letter.text.length <= BATCH_CHARACTERS_MAX)
      // What is about the same as another one of this request follows it there.
      if (fits && !letter.topics.some((topic) => before.has(topic))) {
        taken.push(letter)
        characters += letter.text.length
      } else {
        left.push(letter)
        for (const topic of letter.topics) before.add(topic)
      }
    }
    this.#window = left
    return taken
  }

  async #send(letters: readonly StoredLetter[]): Promise<void> {
    const { delivery, abandon } = this.#needs
    this.#underWay += 1
    for (const { topics } of letters) for (const topic of topics) this.#busy.add(topic)
    try {
      const outcomes = await delivery.send(letters, abandon)
      const delivered: string[] = []
      const untried: StoredLetter[] = []
      for (const [index, letter] of letters.entries()) {
        const outcome = outcomes[index] ?? { verdict: 'untried' }
        if (outcome.verdict === 'delivered') delivered.push(letter.id)
        if (outcome.verdict === 'untried') untried.push(letter)
        else await this.#settle(letter, outcome)
      }
      this.#putBack(untried)
      // The next ones about the same need not wait until these are deleted.
      this.#acknowledgeSoon(delivered)
    } finally {
      this.#release(letters)
    }
  }

  /** In their places: what is left of the window is newer. */
  #putBack(untried: readonly StoredLetter[]): void {
    const parked = new Set(this.#needs.parking.topics())
    const isParked = ({ topics }: StoredLetter): boolean => topics.some((topic) => parked.has(topic))
    // About the same as one that waits: read again when that may go.
    for (const letter of untried) if (isParked(letter)) this.#held.delete(letter.id)
    this.#window = [...untried.filter((letter) => !isParked(letter)), ...this.#window]
  }

  async #settle(letter: StoredLetter, outcome: Verdict): Promise<void> {
    const { parking, tally, abandon } = this.#needs
    switch (outcome.verdict) {
      case 'delivered':
        this.#isProbing = false
        this.#needs.failing.clear()
        return
      case 'undeliverable':
        await bury(this.#needs, letter.id, outcome)
        this.#gone(letter.id)
        return
      case 'retry': {
        this.#held.delete(letter.id)
        // Cut off by us, which says nothing about the receiver.
        if (abandon.aborted) return
        tally.count(this.#needs, 'retried')
        const delayMs = outcome.isOfLetter === true ? parking.park(letter) : undefined
        if (delayMs !== undefined) this.#leaveOut(letter, { delayMs, reason: outcome.reason })
        if (delayMs === undefined || this.#failsAll(letter))
          this.#failure ??= { state: 'failed', settled: 0, ...outcome }
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
    this.#needs.inlet.forget()
  }

  #acknowledgeSoon(ids: readonly string[]): void {
    const { clock, acknowledgingDelayMs = ACKNOWLEDGING_DELAY_MS } = this.#needs
    this.#delivered.push(...ids)
    if (this.#delivered.length >= ACKNOWLEDGING_ROWS_MAX || acknowledgingDelayMs === 0) this.#acknowledgeNow()
    else this.#acknowledgingSoon ??= clock.after(acknowledgingDelayMs, () => this.#acknowledgeNow())
  }

  #acknowledgeNow(): void {
    this.#acknowledgingSoon?.[Symbol.dispose]()
    this.#acknowledgingSoon = undefined
    const ids = this.#delivered
    this.#delivered = []
    void this.#acknowledge(ids).catch((error: unknown) => this.#fail(causeChain(error)))
  }

  async #acknowledge(ids: readonly string[]): Promise<void> {
    await this.#acknowledging.write(ids)
    for (const id of ids) {
      this.#needs.tally.count(this.#needs, 'pushed')
      this.#gone(id)
    }
    this.#bell.ring()
  }

  #gone(id: string): void {
    this.#needs.parking.leave(id)
    this.#held.delete(id)
    this.#settled += 1
    this.#needs.onSettled?.()
  }

  #release(letters: readonly StoredLetter[]): void {
    this.#underWay -= 1
    for (const { topics } of letters) for (const topic of topics) this.#busy.delete(topic)
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
