/**
 * Everything that a backend remembers, as rows of text: what is stored, and, while nothing drains the queues, everything
 * that it would tell anybody.
 */
import { type Kysely, sql } from 'kysely'

/** Rows by table. */
export type TableState = ReadonlyMap<string, readonly string[]>

export interface Change {
  readonly table: string
  readonly row: string
  readonly kind: 'added' | 'gone'
}

interface Table {
  readonly name: string
  /** Without those that the database computes. */
  readonly columns: string
}

const tablesOf = async (db: Kysely<unknown>, schemas: readonly string[]): Promise<readonly Table[]> => {
  const { rows } = await sql<{ name: string; columns: string }>`
    select format('%I.%I', table_schema, table_name) as name,
      string_agg(quote_ident(column_name), ', ' order by ordinal_position) as columns
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema in (${sql.join(schemas)}) and is_generated = 'NEVER' and table_type = 'BASE TABLE'
    group by table_schema, table_name order by 1`.execute(db)
  return rows
}

export interface Remembered {
  read(): Promise<TableState>
  /** Takes these changes back. */
  undo(changes: readonly Change[]): Promise<void>
}

export const rememberedIn = async (
  db: Kysely<unknown>,
  schemas: readonly string[],
  except: readonly string[],
): Promise<Remembered> => {
  const tables = (await tablesOf(db, schemas)).filter(({ name }) => !except.includes(name))
  const columnsOf = new Map(tables.map(({ name, columns }) => [name, columns]))
  return {
    read: async () => {
      const all = tables.map(
        ({ name, columns }) => `select '${name}' as name, to_jsonb(one)::text as text
        from (select ${columns} from ${name}) one`,
      )
      const { rows } = await sql
        .raw<{ name: string; text: string }>(`${all.join(' union all ')} order by 1, 2`)
        .execute(db)
      return new Map(
        [...Map.groupBy(rows, ({ name }) => name)].map(([name, found]) => [name, found.map(({ text }) => text)]),
      )
    },
    undo: async (changes) => {
      await db.transaction().execute(async (tx) => {
        // References between rows hold again at the end, whatever comes first.
        await sql`set local session_replication_role = replica`.execute(tx)
        for (const { table, row, kind } of changes) {
          const columns = columnsOf.get(table) ?? ''
          await (
            kind === 'added'
              ? sql`delete from ${sql.raw(table)} one where to_jsonb((select cut from (select ${sql.raw(prefixed(columns))}) cut)) = ${row}::jsonb`
              : sql`insert into ${sql.raw(table)} (${sql.raw(columns)}) overriding system value
                select ${sql.raw(columns)} from jsonb_populate_record(null::${sql.raw(table)}, ${row}::jsonb)`
          ).execute(tx)
        }
      })
    },
  }
}

const prefixed = (columns: string): string =>
  columns
    .split(', ')
    .map((column) => `one.${column}`)
    .join(', ')

export const changesBetween = (before: TableState, after: TableState): Change[] =>
  [...new Set([...before.keys(), ...after.keys()])].flatMap((table) => {
    const [old, current] = [new Set(before.get(table)), new Set(after.get(table))]
    return [
      ...[...current].filter((row) => !old.has(row)).map((row) => ({ table, row, kind: 'added' as const })),
      ...[...old].filter((row) => !current.has(row)).map((row) => ({ table, row, kind: 'gone' as const })),
    ]
  })
