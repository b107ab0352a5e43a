/** Nothing that another backend can make grow is without an end. The rule is checked on the declarations themselves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import type { Rpc } from '#src/kit/endpoint.ts'
import * as brig from './brig.ts'
import * as cargohold from './cargohold.ts'
import * as galley from './galley.ts'
import { CLIENTS_PER_USER_MAX, USERS_PER_LIST_MAX } from './limits.ts'
import { UserClients } from './shared.ts'

const contracts: readonly Readonly<Record<string, Rpc>>[] = [
  brig.brigFederation,
  galley.galleyFederation,
  galley.galleyMlsFederation,
  cargohold.cargoholdFederation,
]

for (const [name, { input, output }] of contracts.flatMap((contract) => Object.entries(contract))) {
  test(`everything in ${name} has an upper bound`, () => {
    assert.deepEqual([...unbounded(input, 'request'), ...(output ? unbounded(output, 'response') : [])], [])
  })
}

test('the check finds what has no bound', () => {
  const careless = z.object({
    list: z.array(z.literal(1)),
    text: z.string(),
    pattern: z.string().regex(/^a+$/),
    count: z.number(),
    table: z.record(z.string().max(3), z.null()),
    maybe: z.array(z.string()).max(2).nullable().default(null),
  })
  assert.deepEqual(unbounded(careless, 'x').toSorted(), [
    'x.count',
    'x.list',
    'x.maybe[]',
    'x.pattern',
    'x.table',
    'x.text',
  ])
})

const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

test('a map takes as many keys as it may hold and not one more', () => {
  const users = (count: number) => Object.fromEntries(many(count, (index) => [uuid(index), []]))
  assert.ok(UserClients.safeParse(users(USERS_PER_LIST_MAX)).success)
  assert.ok(!UserClients.safeParse(users(USERS_PER_LIST_MAX + 1)).success)
})

test('a user has as many clients as a user may have and not one more', () => {
  const clients = (count: number) => ({ [uuid(0)]: many(count, (index) => index.toString(16)) })
  assert.ok(UserClients.safeParse(clients(CLIENTS_PER_USER_MAX)).success)
  assert.ok(!UserClients.safeParse(clients(CLIENTS_PER_USER_MAX + 1)).success)
})

test('a thousand conversations are asked for at once and not one more', () => {
  const request = (count: number) => ({ user_id: uuid(0), conv_ids: many(count, uuid) })
  const { input } = galley.galleyFederation['get-conversations']
  assert.ok(input.safeParse(request(1_000)).success)
  assert.ok(!input.safeParse(request(1_001)).success)
})

interface Described {
  readonly type?: string
  readonly [keyword: string]: unknown
}

/** Where in a schema something can grow without end, found in what the schema says to others. */
function unbounded(schema: z.ZodType, path: string): string[] {
  return [
    ...growing(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Described, path),
  ]
}

function* growing(described: Described, path: string): Generator<string> {
  if (!isBounded(described)) yield path
  const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [], prefixItems = [] } = described
  for (const [key, child] of Object.entries(properties as object)) yield* growing(child, `${path}.${key}`)
  for (const child of [anyOf, oneOf, prefixItems].flat() as Described[]) yield* growing(child, path)
  if (items) yield* growing(items as Described, `${path}[]`)
  if (additionalProperties) yield* growing(additionalProperties as Described, `${path}{}`)
}

function isBounded(described: Described): boolean {
  if (described.const !== undefined || described.enum !== undefined) return true
  switch (described.type) {
    case 'string':
      return described.maxLength !== undefined || (typeof described.pattern === 'string' && isFinite(described.pattern))
    case 'array':
      return described.maxItems !== undefined || described.prefixItems !== undefined
    case 'integer':
    case 'number':
      return described.maximum !== undefined
    case 'object':
      return described.propertyNames === undefined || described.maxProperties !== undefined
    default:
      return true
  }
}

/** Whether a pattern repeats nothing without end. */
function isFinite(pattern: string): boolean {
  return !/[*+]|\{\d+,\}/.test(pattern.replaceAll(/\\.|\[[^\]]*\]/g, ''))
}
