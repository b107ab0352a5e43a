/**
 * Statements that are worth being planned once per connection say so with a comment in their text; the server then
 * keeps the plan under a name. Only for statements whose text never changes: each one is kept as long as a connection.
 */
import { createHash } from 'node:crypto'
import type pg from 'pg'

/** Stands in the text of a statement, anywhere. */
export const PREPARED_MARK = '/* prepared */'

export const prepareOn = (pool: pg.Pool): void => {
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...given: readonly unknown[]) => unknown
    // One of several forms in which the driver takes a query, and the only one that Kysely uses for these.
    const named = (text: unknown, ...rest: readonly unknown[]): unknown =>
      typeof text === 'string' && text.includes(PREPARED_MARK)
        ? query({ name: nameOf(text), text, values: rest[0] }, ...rest.slice(1))
        : query(text, ...rest)
    client.query = named as typeof client.query
  })
}

const names = new Map<string, string>()

/** PostgreSQL tells names apart by their first 63 bytes. */
const nameOf = (text: string): string => {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32)
  names.set(text, name)
  return name
}
