/**
 * The courier of this process, as those see it who write into the queue. Telling a lane through the database costs a
 * commit that waits for other commits that tell something, two wake-ups there and one here. Where the lane is drained
 * in the process that writes, nobody else has to hear of it: who writes rings here when it is committed.
 *
 * Now and then the database tells everybody all the same, so that other couriers know the lane and take it over soon
 * should this process die.
 */
export interface LaneName {
  readonly service: string
  readonly lane: string
}

export interface OutboxBell {
  /** Whether to ring here for what is about to be written; if not, the statement that writes lets the database tell it. */
  isHere(name: LaneName): boolean
  /** What was written is committed, or may be. */
  ring(name: LaneName): void
}

/** Where no courier runs. */
export const NO_BELL: OutboxBell = { isHere: () => false, ring: () => {} }

/** For those who are started before the courier of their process. */
export const lateBell = (): OutboxBell & { hang(bell: OutboxBell): void } => {
  let hung = NO_BELL
  return {
    isHere: (name) => hung.isHere(name),
    ring: (name) => hung.ring(name),
    hang: (bell) => {
      hung = bell
    },
  }
}
