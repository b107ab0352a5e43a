/**
 * One execution of a prepared statement, in the driver's own form for what brings its own queries (`Submittable`, as its
 * cursors are). Instead of the driver's `Query`, because a statement that is executed all the time need not ask each
 * time which columns it has, and needs no events: that was half of what the driver took.
 */
import pg from 'pg'
import { type ArrayEncoder, arrayEncoder } from './array-parameters.ts'

/** A statement that is planned once per connection. Its text never changes. */
export interface Plan {
  readonly text: string
  /** Under which the server keeps it. */
  readonly name: string
  /** By parameter, for those that are arrays. */
  readonly encoders: readonly (ArrayEncoder | undefined)[]
  /** Known when it was executed for the first time, and the same on each connection. */
  columns: readonly Column[] | undefined
}

interface Column {
  readonly name: string
  readonly parse: (text: string) => unknown
}

export interface Executed {
  readonly command: string
  readonly rowCount: number
  readonly rows: Record<string, unknown>[]
}

/** By parameter: of which type an array is says the statement, as in `$1::text[]`. */
export const encodersOf = (text: string): (ArrayEncoder | undefined)[] => {
  const encoders: (ArrayEncoder | undefined)[] = []
  for (const [, number, type = ''] of text.matchAll(/\$(\d+)::(\w+)\[\]/g)) {
    encoders[Number(number) - 1] = arrayEncoder(type)
  }
  return encoders
}

/** A text, or bytes that the server takes for the binary form of their type. */
export type Parameter = string | Buffer | null

/** Throws when a value cannot be one of its parameter's type. */
export const parametersOf = ({ encoders }: Plan, values: readonly unknown[]): Parameter[] =>
  values.map((value, index) => parameterOf(value, encoders[index]))

export const execute = (client: Client, plan: Plan, parameters: readonly Parameter[]): Promise<Executed> =>
  new Promise((resolve, reject) => {
    client.query(new Execution({ plan, parameters, resolve, reject }))
  })

interface Client {
  query(execution: pg.Submittable): unknown
}

const parameterOf = (value: unknown, encode: ArrayEncoder | undefined): Parameter => {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (encode && Array.isArray(value)) return encode(value)
  if (value instanceof Date) return value.toISOString()
  throw new TypeError('a prepared statement takes arrays with their type, and no objects')
}

interface Order {
  readonly plan: Plan
  readonly parameters: readonly Parameter[]
  readonly resolve: (executed: Executed) => void
  readonly reject: (error: unknown) => void
}

/** What the driver's connections, that to the embedded database too, do for its queries. */
interface Wire {
  readonly stream: { cork?(): void; uncork?(): void }
  /** By name, those that the server has. */
  readonly parsedStatements: Readonly<Record<string, string>>
  parse(of: { readonly text: string; readonly name: string }): void
  bind(of: { readonly statement: string; readonly values: readonly Parameter[] }): void
  describe(of: { readonly type: 'P' }): void
  execute(of: object): void
  sync(): void
}

interface Field {
  readonly name: string
  readonly dataTypeID: number
}

class Execution implements pg.Submittable {
  /** Read by the driver, which remembers that the server has it. */
  readonly name: string
  readonly text: string
  readonly #order: Order
  readonly #rows: (readonly (string | null)[])[] = []
  #completed = ''

  constructor(order: Order) {
    this.name = order.plan.name
    this.text = order.plan.text
    this.#order = order
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire
    const { plan, parameters } = this.#order
    // One write for all of it.
    wire.stream.cork?.()
    const isNew = wire.parsedStatements[this.name] === undefined
    if (isNew) wire.parse({ text: this.text, name: this.name })
    wire.bind({ statement: this.name, values: parameters })
    if (isNew || !plan.columns) wire.describe({ type: 'P' })
    wire.execute({})
    wire.sync()
    wire.stream.uncork?.()
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.#order.plan.columns = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: pg.types.getTypeParser(dataTypeID, 'text'),
    }))
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#rows.push(fields)
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#completed = text
    // It said that there are none.
    this.#order.plan.columns ??= []
  }

  handleReadyForQuery(): void {
    const { plan, resolve, reject } = this.#order
    try {
      const { columns = [] } = plan
      resolve({ ...completionOf(this.#completed), rows: this.#rows.map((fields) => rowOf(columns, fields)) })
    } catch (error) {
      reject(error)
    }
  }

  handleError(error: unknown): void {
    this.#order.reject(error)
  }
}

const rowOf = (columns: readonly Column[], fields: readonly (string | null)[]): Record<string, unknown> => {
  const row: Record<string, unknown> = {}
  for (const [index, { name, parse }] of columns.entries()) {
    const text = fields[index] ?? null
    row[name] = text === null ? null : parse(text)
  }
  return row
}

/** `SELECT 3`, `INSERT 0 3`. */
const completionOf = (text: string): Omit<Executed, 'rows'> => {
  const [command = ''] = text.split(' ', 1)
  return { command, rowCount: Number(text.slice(text.lastIndexOf(' ') + 1)) }
}
