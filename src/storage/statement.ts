/**
 * Statements that are executed all the time. Building one takes longer than sending it, and its text is the same each
 * time: so it is built once, with marks in the place of values, and planned once per connection. In a transaction it
 * passes through Kysely as any other; outside of one it is sent directly where connections are kept for that.
 */
import type { CompiledQuery, Kysely } from 'kysely'
import { type Plan, parametersOf } from './execution.ts'
import { planOf } from './prepared.ts'
import type { ReadyConnections } from './ready-connections.ts'

class Mark {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/**
 * `build` is called once, with the first database, and must make the same text whatever the values; the values it is
 * given stand for those of each execution, and it must look into none. All databases must have the tables in one schema.
 */
export const statement = <Values extends object, Row>(
  build: (values: Values, db: Kysely<unknown>) => CompiledQuery<Row>,
): ((db: Kysely<unknown>, values: Values) => Promise<Row[]>) => {
  let built: Built<Row> | undefined
  return async (db, values) => {
    built ??= builtOf(build(MARKS as Values, db))
    const given = built.query.parameters.map((each) => (each instanceof Mark ? valueOf(values, each) : each))
    const { rows } = await (direct(db, built.plan, given) ??
      db.executeQuery<Row>({ ...built.query, parameters: given }))
    // What is selected is known to who builds.
    return rows as Row[]
  }
}

interface Built<Row> {
  readonly query: CompiledQuery<Row>
  readonly plan: Plan
}

const builtOf = <Row>(query: CompiledQuery<Row>): Built<Row> => ({ query, plan: planOf(query.sql) })

const MARKS: object = new Proxy({}, { get: (_none, name) => new Mark(String(name)) })

const valueOf = (values: object, { name }: Mark): unknown => (values as Readonly<Record<string, unknown>>)[name]

/** By what all forms of a database have in common in Kysely: those for a schema and those in a transaction too. */
const ready = new WeakMap<object, ReadyConnections>()

/** From now on statements on this database, outside of transactions, take these connections first. */
export const executeOn = (connections: ReadyConnections, db: Kysely<unknown>): void => {
  ready.set(db.getExecutor().adapter, connections)
}

const direct = (db: Kysely<unknown>, plan: Plan, values: readonly unknown[]) =>
  db.isTransaction ? undefined : ready.get(db.getExecutor().adapter)?.execute(plan, parametersOf(plan, values))
