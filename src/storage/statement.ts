/**
 * Statements that are executed all the time. Building one takes longer than sending it, and its text is the same each
 * time: so it is built once, with marks in the place of values. In between stands Kysely's own form of a built
 * statement, so that who executes it cannot tell.
 */
import type { CompiledQuery, Kysely } from 'kysely'

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
  let built: CompiledQuery<Row> | undefined
  return async (db, values) => {
    built ??= build(MARKS as Values, db)
    const parameters = built.parameters.map((each) => (each instanceof Mark ? valueOf(values, each) : each))
    const { rows } = await db.executeQuery<Row>({ ...built, parameters })
    return rows
  }
}

const MARKS: object = new Proxy({}, { get: (_none, name) => new Mark(String(name)) })

const valueOf = (values: object, { name }: Mark): unknown => (values as Readonly<Record<string, unknown>>)[name]
