/**
 * The courier of this process, as those see it who write into the queue. Telling a lane through the database costs a
 * commit that waits for other commits that tell something, two wake-ups there and one here. Where the lane is drained
 * in the process that writes, nobody else has to hear of it: who writes rings here when it is committed.
 *
 * Now and then the database tells everybody all the same, so that other couriers know the lane and take it over soon
 * should this process die.
 *
 * Who has the ids of what was written hands over the letters themselves, which then need not be read
 * (docs/decisions/handing-over.md).
 */
import type { WrittenIds } from './continuity.ts'
import type { Letter } from './outbox.ts'

export interface LaneName {
  readonly service: string
  readonly lane: string
}

export interface OutboxBell {
  /** Whether to ring here for what is about to be written; if not, the statement that writes lets the database tell it. */
  isHere(name: LaneName): boolean
  /** What was written is committed, or may be. */
  ring(name: LaneName): void
  /** It is committed. Lanes that do not take their letters so are rung, if this was {@link isHere} for them. */
  handOver(written: Written): void
}

/** All that one statement wrote into the outbox of a service. */
export interface Written extends Omit<WrittenIds, 'count'> {
  readonly service: string
  /** In the order of their ids, and as they are stored. */
  readonly letters: readonly Letter[]
  /** Lanes that the database did not tell. */
  readonly here: readonly string[]
}

/** Where no courier runs. */
export const NO_BELL: OutboxBell = { isHere: () => false, ring: () => {}, handOver: () => {} }

/** For those who are started before the courier of their process. */
export const lateBell = (): OutboxBell & { hang(bell: OutboxBell): void } => {
  let hung = NO_BELL
  return {
    isHere: (name) => hung.isHere(name),
    ring: (name) => hung.ring(name),
    handOver: (written) => hung.handOver(written),
    hang: (bell) => {
      hung = bell
    },
  }
}
