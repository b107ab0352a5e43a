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

export interface Inlet {
  /** There may be rows that were not read. */
  readonly isUnread: boolean
  /** Something may be read or taken. */
  readonly hasMore: boolean
  /** Something was written that is not handed over. */
  ring(): void
  /** Something that was known here must be read again, in its place: nothing that came after it is to go first. */
  forget(): void
  /** Takes all of these, in the order of their ids, or none. */
  give(letters: readonly StoredLetter[], era: Era): boolean
  /** While nobody drains the lane nothing is handed over; `hasRoom` is who drains it. */
  open(hasRoom: (letters: readonly StoredLetter[]) => boolean): void
  close(): void
  /** Before the outbox is asked. Whoever rings from now on may mean something that it does not show. */
  beginReading(): void
  /** What it said; undefined when it said nothing. */
  endReading(head: Head | undefined): void
  /** What was handed over, oldest first; after all that was read. */
  take(): readonly StoredLetter[]
}

export const createInlet = (settledEra: () => Era | undefined): Inlet => {
  let hasRoom: ((letters: readonly StoredLetter[]) => boolean) | undefined
  let isUnread = true
  let isReading = false
  /** In which the last reading began that is worth anything, or the one under way. */
  let era: Era | undefined
  let given: StoredLetter[] = []
  let characters = 0
  /** The newest that is known here. Who is late with an older one is not to bring a second time what was read. */
  let newest = 0

  const drop = (): void => {
    given = []
    characters = 0
    era = undefined
    isUnread = true
  }
  const know = (letters: readonly StoredLetter[]): void => {
    newest = Math.max(newest, Number(letters.at(-1)?.id ?? 0))
  }
  const fits = (letters: readonly StoredLetter[]): boolean =>
    given.length + letters.length <= HEAD_ROWS_MAX && characters + charactersOf(letters) <= HEAD_BYTES_MAX

  return {
    get isUnread() {
      return isUnread
    },
    get hasMore() {
      return isUnread || given.length > 0
    },
    ring: () => {
      isUnread = true
    },
    forget: drop,
    give: (letters, of) => {
      if (isUnread || era !== of || Number(letters[0]?.id) <= newest) return false
      if (!fits(letters) || !hasRoom?.(letters)) return false
      given.push(...letters)
      characters += charactersOf(letters)
      know(letters)
      return true
    },
    open: (asked) => {
      drop()
      newest = 0
      hasRoom = asked
    },
    close: () => {
      drop()
      hasRoom = undefined
    },
    beginReading: () => {
      isUnread = false
      isReading = true
      era = settledEra()
    },
    endReading: (head) => {
      isReading = false
      if (!head?.isAll) {
        // A paused lane need not be read again before somebody rings.
        const mayRest = head?.isPaused === true && !isUnread
        drop()
        isUnread = !mayRest
        return
      }
      const read = new Set(head.letters.map(({ id }) => id))
      given = given.filter(({ id }) => !read.has(id))
      know(head.letters)
    },
    take: () => {
      if (isReading || given.length === 0) return NONE
      const taken = given
      given = []
      characters = 0
      return taken
    },
  }
}

const NONE: readonly StoredLetter[] = []

export const charactersOf = (letters: readonly StoredLetter[]): number =>
  letters.reduce((sum, { text }) => sum + text.length, 0)
