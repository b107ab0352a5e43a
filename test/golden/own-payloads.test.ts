/**
 * Payloads of every RPC in every version, one file per declared entry. What a version says on the wire is fixed for
 * ever: these files grow, they do not change.
 *
 *  - `valid` parses and encodes to the same value
 *  - `tolerated` is accepted from others, though we would write it differently
 *  - `invalid` is refused
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { z } from 'zod'
import * as brig from '#src/contract/federation/brig.ts'
import { cargoholdFederation } from '#src/contract/federation/cargohold.ts'
import * as galley from '#src/contract/federation/galley.ts'
import type { Rpc } from '#src/kit/endpoint.ts'

interface Payloads {
  readonly valid: Readonly<Record<string, unknown>>
  readonly tolerated?: Readonly<Record<string, { readonly read: unknown; readonly as: unknown }>>
  readonly invalid: Readonly<Record<string, unknown>>
}

const entries: Readonly<Record<string, Rpc>> = {
  ...ofComponent('brig', brig.brigFederation),
  ...ofComponent('galley', galley.galleyFederation),
  ...ofComponent('galley', galley.galleyMlsFederation),
  ...ofComponent('cargohold', cargoholdFederation),
}

function ofComponent(component: string, contract: Readonly<Record<string, Rpc>>): Record<string, Rpc> {
  return Object.fromEntries(Object.entries(contract).map(([name, entry]) => [`${component}-${name}`, entry]))
}

const FOLDER = new URL('./own/', import.meta.url)

test('every declared RPC has its payloads, and the other way round', () => {
  const files = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''))
  assert.deepEqual(files.toSorted(), Object.keys(entries).toSorted())
})

for (const [name, entry] of Object.entries(entries)) {
  const payloads = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'))
  checkAll(`request of ${name}`, entry.input, payloads.request)
  if (entry.output) checkAll(`response of ${name}`, entry.output, payloads.response)
}

function checkAll(of: string, schema: z.ZodType, { valid, tolerated = {}, invalid }: Payloads): void {
  for (const [which, value] of Object.entries(valid)) {
    test(`${of} encodes as it was read: ${which}`, () => assert.deepEqual(encoded(schema, value), value))
  }
  for (const [which, { read, as }] of Object.entries(tolerated)) {
    test(`${of} is understood: ${which}`, () => assert.deepEqual(encoded(schema, read), as))
  }
  for (const [which, value] of Object.entries(invalid)) {
    test(`${of} is refused: ${which}`, () => assert.equal(schema.safeParse(value).success, false))
  }
}

function encoded(schema: z.ZodType, value: unknown): unknown {
  return JSON.parse(JSON.stringify(schema.parse(value)))
}
