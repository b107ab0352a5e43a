/** What the lanes have done since the start: the counters of backend-notifications.md §14. */
export interface LaneTally {
  readonly service: string
  readonly lane: string
  /** Delivered and acknowledged. */
  readonly pushed: number
  /** Failed attempts, those that ended in a dead letter included. */
  readonly errors: number
  readonly buried: number
  /** Whether the last attempt failed and will be repeated. */
  readonly isStuck: boolean
}

export type TallyEvent = 'pushed' | 'retried' | 'buried'

export interface Tally {
  count(lane: { readonly service: string; readonly lane: string }, event: TallyEvent, times?: number): void
  /** Of every lane that was ever counted, in no order. */
  lanes(): LaneTally[]
}

export const createTally = (): Tally => {
  const lanes = new Map<string, LaneTally>()
  return {
    count: ({ service, lane }, event, times = 1) => {
      const key = `${service} ${lane}`
      const before = lanes.get(key) ?? { service, lane, pushed: 0, errors: 0, buried: 0, isStuck: false }
      lanes.set(key, {
        ...before,
        pushed: before.pushed + (event === 'pushed' ? times : 0),
        errors: before.errors + (event === 'pushed' ? 0 : times),
        buried: before.buried + (event === 'buried' ? times : 0),
        isStuck: event === 'retried',
      })
    },
    lanes: () => [...lanes.values()],
  }
}
