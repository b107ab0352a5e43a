/**
 * Connections that are kept at hand for statements outside of transactions. Taking one from the pool and giving it back
 * for each of them, through the layers that Kysely has for it, costs this process about as much as the statement itself.
 * They are few, and who finds none free goes the ordinary way: so transactions always find connections too.
 */
import pg from 'pg'
import type { Clock } from '#src/kit/clock.ts'
import { type Executed, execute, type Parameter, type Plan } from './execution.ts'
import { CONNECTION_IDLE_MS } from './limits.ts'

export interface ReadyConnections extends Disposable {
  /** Undefined when none is free. */
  execute(plan: Plan, parameters: readonly Parameter[]): Promise<Executed> | undefined
}

interface Options {
  readonly pool: pg.Pool
  /** Kept at most. */
  readonly max: number
  readonly clock: Clock
}

export const readyConnections = (options: Options): ReadyConnections => new KeptConnections(options)

interface Kept {
  readonly client: pg.PoolClient
  readonly onLost: (error: Error) => void
}

class KeptConnections implements ReadyConnections {
  readonly #options: Options
  /** The one used last at the end. */
  readonly #free: Kept[] = []
  /** How many of those have been free since the last round; they are at the front. */
  #unused = 0
  #count = 0
  #isClosed = false
  #round: Disposable

  constructor(options: Options) {
    this.#options = options
    this.#round = this.#nextRound()
  }

  execute(plan: Plan, parameters: readonly Parameter[]): Promise<Executed> | undefined {
    const kept = this.#free.pop()
    this.#unused = Math.min(this.#unused, this.#free.length)
    if (kept) return this.#executeOn(kept, plan, parameters)
    if (this.#isClosed || this.#count >= this.#options.max) return undefined
    return this.#executeOnAnother(plan, parameters)
  }

  async #executeOnAnother(plan: Plan, parameters: readonly Parameter[]): Promise<Executed> {
    return this.#executeOn(await this.#take(), plan, parameters)
  }

  async #take(): Promise<Kept> {
    this.#count += 1
    try {
      const client = await this.#options.pool.connect()
      const kept = { client, onLost: (error: Error): void => this.#lose(kept, error) }
      client.on('error', kept.onLost)
      return kept
    } catch (error) {
      this.#count -= 1
      throw error
    }
  }

  async #executeOn(kept: Kept, plan: Plan, parameters: readonly Parameter[]): Promise<Executed> {
    try {
      const executed = await execute(kept.client, plan, parameters)
      this.#putBack(kept)
      return executed
    } catch (error) {
      if (isOfStatement(error)) this.#putBack(kept)
      else this.#giveBack(kept, error)
      throw error
    }
  }

  #putBack(kept: Kept): void {
    if (this.#isClosed) this.#giveBack(kept)
    else this.#free.push(kept)
  }

  /** What is under way on it fails by itself, and gives it back then. */
  #lose(kept: Kept, error: Error): void {
    const index = this.#free.indexOf(kept)
    if (index < 0) return
    this.#free.splice(index, 1)
    this.#unused = Math.min(this.#unused, index)
    this.#giveBack(kept, error)
  }

  /** To the pool, which ends it when there was an error. */
  #giveBack({ client, onLost }: Kept, error?: unknown): void {
    this.#count -= 1
    client.off('error', onLost)
    client.release(error !== undefined)
  }

  // Those that a burst has left behind.
  #nextRound(): Disposable {
    return this.#options.clock.after(CONNECTION_IDLE_MS, () => {
      for (const kept of this.#free.splice(0, this.#unused)) this.#giveBack(kept)
      this.#unused = this.#free.length
      this.#round = this.#nextRound()
    })
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#round[Symbol.dispose]()
    for (const kept of this.#free.splice(0)) this.#giveBack(kept)
  }
}

/** And not of the connection, which is good for the next one. */
const isOfStatement = (error: unknown): boolean => error instanceof pg.DatabaseError && error.severity !== 'FATAL'
