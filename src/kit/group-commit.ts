/**
 * Group commit: what arrives in one turn of the event loop, or while one commit runs, goes into the next one together.
 * Under load the cost of a commit is shared by many callers, and a lone caller waits for nobody. A timer that collects
 * for a while was refused: it would delay exactly the lone caller. Who comes after a lone one need not even wait for the
 * end of the turn: where there is no crowd, none is expected.
 */
import { Refusal } from './errors.ts'
import { endOfTurn } from './turn.ts'

export interface GroupCommitOptions<Item, Result> {
  /** Makes all of them durable or none, in order. Answers for each of them, in their order. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Result[]>
  /** Whether a failed commit is the fault of something in it, so that the rest may do better without. */
  readonly isFaultOfItems: (error: unknown) => boolean
  readonly weightOf: (item: Item) => number
  readonly itemsMax: number
  readonly weightMax: number
  readonly waitingWeightMax: number
}

export interface GroupCommit<Item, Result> {
  /** Returns when all are durable. */
  write(items: readonly Item[]): Promise<readonly Result[]>
  /** Returns when nothing is waiting any more. */
  idle(): Promise<void>
}

interface Job<Item, Result> {
  readonly items: readonly Item[]
  readonly weight: number
  resolve(results: readonly Result[]): void
  reject(error: unknown): void
}

export const groupCommit = <Item, Result>(options: GroupCommitOptions<Item, Result>): GroupCommit<Item, Result> => {
  const { weightOf, waitingWeightMax } = options
  const waiting: Job<Item, Result>[] = []
  let waitingWeight = 0
  let running: Promise<void> | undefined
  let isCrowded = true

  const run = async (): Promise<void> => {
    // What the sockets bring in one turn of the event loop goes in one commit.
    if (isCrowded) await endOfTurn()
    isCrowded = false
    while (waiting.length > 0) {
      isCrowded ||= waiting.length > 1
      const group = takeGroup(waiting, options)
      waitingWeight -= group.reduce((sum, job) => sum + job.weight, 0)
      await settle(group, options)
    }
    running = undefined
  }

  return {
    write: (items) =>
      new Promise((resolve, reject) => {
        if (items.length === 0) return resolve([])
        const weight = items.reduce((sum, item) => sum + weightOf(item), 0)
        if (waitingWeight > 0 && waitingWeight + weight > waitingWeightMax) {
          reject(new Refusal(503, 'overloaded', { detail: 'too much waits to be stored' }))
          return
        }
        waiting.push({ items, weight, resolve, reject })
        waitingWeight += weight
        running ??= run()
      }),
    idle: async () => running,
  }
}

type Bounds = Pick<GroupCommitOptions<unknown, unknown>, 'itemsMax' | 'weightMax'>

/** From the front as many as fit; the first one always. */
const takeGroup = <Item, Result>(
  waiting: Job<Item, Result>[],
  { itemsMax, weightMax }: Bounds,
): Job<Item, Result>[] => {
  let items = 0
  let weight = 0
  const end = waiting.findIndex((job, index) => {
    items += job.items.length
    weight += job.weight
    return index > 0 && (items > itemsMax || weight > weightMax)
  })
  return waiting.splice(0, end < 0 ? waiting.length : end)
}

/** One caller's bad item must not fail the others who happened to come at the same time: they get a commit each. */
const settle = async <Item, Result>(
  group: readonly Job<Item, Result>[],
  options: GroupCommitOptions<Item, Result>,
): Promise<void> => {
  try {
    const results = await commitInChunks(
      group.flatMap((job) => job.items),
      options,
    )
    let start = 0
    for (const job of group) {
      job.resolve(results.slice(start, start + job.items.length))
      start += job.items.length
    }
  } catch (error) {
    if (group.length > 1 && options.isFaultOfItems(error)) {
      for (const job of group) await settle([job], options)
    } else {
      for (const job of group) job.reject(error)
    }
  }
}

/** A single caller may bring more than one commit should carry. */
const commitInChunks = async <Item, Result>(
  items: readonly Item[],
  { commit, weightOf, itemsMax, weightMax }: GroupCommitOptions<Item, Result>,
): Promise<Result[]> => {
  const results: Result[] = []
  let chunk: Item[] = []
  let weight = 0
  for (const item of items) {
    if (chunk.length > 0 && (chunk.length >= itemsMax || weight + weightOf(item) > weightMax)) {
      results.push(...(await commit(chunk)))
      chunk = []
      weight = 0
    }
    chunk.push(item)
    weight += weightOf(item)
  }
  if (chunk.length > 0) results.push(...(await commit(chunk)))
  return results
}
