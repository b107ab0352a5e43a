/**
 * Where letters come into a lane that is drained here: read from the outbox, or handed over by who has written them, which
 * spares the way to the database and back (docs/decisions/handing-over.md).
 *
 * A letter may be handed over only when nothing that was written before it can still be unread. That is so when the last
 * reading began in the era in which the letter was written (`continuity.ts`), found all that there was, and nobody rang
 * since. What is handed over while such a reading is under way waits for its end, because what is read then is older.
 * Everything else is refused; then who wrote it rings, and it is read.
 */
import type { Era } from './continuity.ts'
import { HEAD_BYTES_MAX, HEAD_ROWS_MAX } from './limits.ts'
import type { Head, StoredLetter } from './outbox-store.ts'

type HasRoom = (letters: readonly StoredLetter[]) => boolean

export class Inlet {
  readonly #settledEra: () => Era | undefined
  /** Who drains the lane; while nobody does nothing is handed over. */
  #hasRoom: HasRoom | undefined
  #isUnread = true
  #isReading = false
  /** In which the last reading began that is worth anything, or the one under way. */
  #era: Era | undefined
  #given: StoredLetter[] = []
  #characters = 0
  /** The newest that is known here. Who is late with an older one is not to bring a second time what was read. */
  #newest = 0

  constructor(settledEra: () => Era | undefined) {
    this.#settledEra = settledEra
  }

  /** There may be rows that were not read. */
  get isUnread(): boolean {
    return this.#isUnread
  }

  /** Something may be read or taken. */
  get hasMore(): boolean {
    return this.#isUnread || this.#given.length > 0
  }

  open(hasRoom: HasRoom): void {
    this.forget()
    this.#newest = 0
    this.#hasRoom = hasRoom
  }

  close(): void {
    this.forget()
    this.#hasRoom = undefined
  }

  /** Something was written that is not handed over. */
  ring(): void {
    this.#isUnread = true
  }

  /** Something that was known here must be read again, in its place: nothing that came after it is to go first. */
  forget(): void {
    this.#given = []
    this.#characters = 0
    this.#era = undefined
    this.#isUnread = true
  }

  /** Takes all of these, in the order of their ids, or none. */
  give(letters: readonly StoredLetter[], era: Era): boolean {
    if (this.#isUnread || this.#era !== era || Number(letters[0]?.id) <= this.#newest) return false
    const characters = this.#characters + charactersOf(letters)
    if (this.#given.length + letters.length > HEAD_ROWS_MAX || characters > HEAD_BYTES_MAX) return false
    if (!this.#hasRoom?.(letters)) return false
    this.#given.push(...letters)
    this.#characters = characters
    this.#know(letters)
    return true
  }

  /** Before the outbox is asked. Whoever rings from now on may mean something that it does not show. */
  beginReading(): void {
    this.#isUnread = false
    this.#isReading = true
    this.#era = this.#settledEra()
  }

  /** What it said; undefined when it said nothing. */
  endReading(head: Head | undefined): void {
    this.#isReading = false
    if (!head?.isAll) {
      // A paused lane need not be read again before somebody rings.
      const mayRest = head?.isPaused === true && !this.#isUnread
      this.forget()
      this.#isUnread = !mayRest
      return
    }
    const read = new Set(head.letters.map(({ id }) => id))
    this.#given = this.#given.filter(({ id }) => !read.has(id))
    this.#characters = charactersOf(this.#given)
    this.#know(head.letters)
  }

  /** What was handed over, oldest first; after all that was read. */
  take(): readonly StoredLetter[] {
    if (this.#isReading || this.#given.length === 0) return NONE
    const taken = this.#given
    this.#given = []
    this.#characters = 0
    return taken
  }

  #know(letters: readonly StoredLetter[]): void {
    this.#newest = Math.max(this.#newest, Number(letters.at(-1)?.id ?? 0))
  }
}

const NONE: readonly StoredLetter[] = []

export const charactersOf = (letters: readonly StoredLetter[]): number =>
  letters.reduce((sum, { text }) => sum + text.length, 0)
