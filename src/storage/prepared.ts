/**
 * How statements are executed on the connections of a pool. Those that are worth being planned once per connection say so
 * with a comment in their text; the server then keeps the plan under a name. Only for statements whose text never changes:
 * each one is kept as long as a connection.
 */
import { createHash } from 'node:crypto'
import pg from 'pg'
import { encodersOf, type Executed, execute, parametersOf, type Plan } from './execution.ts'

/** Stands in the text of a statement, anywhere. */
export const PREPARED_MARK = '/* prepared */'

export const prepareOn = (pool: pg.Pool): void => {
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...given: readonly unknown[]) => unknown
    // One of several forms in which the driver takes a query, and the only one that Kysely uses for these.
    const planned = async (text: string, values: readonly unknown[]): Promise<Executed> => {
      const plan = planOf(text)
      return execute({ query }, plan, parametersOf(plan, values))
    }
    const either = (text: unknown, ...rest: readonly unknown[]): unknown => {
      // With a callback it has it from the start.
      if (typeof text !== 'string' || rest.some((each) => typeof each === 'function')) return query(text, ...rest)
      const values = rest[0] as unknown[] | undefined
      return text.includes(PREPARED_MARK) ? planned(text, values ?? []) : once(query, text, values)
    }
    client.query = either as typeof client.query
  })
}

/**
 * With its callback from the start. When the driver makes a promise itself, it writes the callback into the query later, as
 * a function that is old from its birth, with all that was read (docs/decisions/what-grows-old.md).
 */
const once = (
  query: (execution: pg.Submittable) => unknown,
  text: string,
  values: unknown[] | undefined,
): Promise<pg.QueryResult> =>
  new Promise((resolve, reject) => {
    const settle = (error: Error | undefined, result: pg.ResultBuilder): void =>
      error ? reject(error) : resolve(result)
    query(new pg.Query(text, values, settle))
  })

const plans = new Map<string, Plan>()

export const planOf = (text: string): Plan => {
  const known = plans.get(text)
  if (known) return known
  // PostgreSQL tells names apart by their first 63 bytes.
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32)
  const plan = { text, name, encoders: encodersOf(text), columns: undefined }
  plans.set(text, plan)
  return plan
}
