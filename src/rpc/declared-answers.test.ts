import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brigFederation } from '#src/contract/federation/brig.ts'
import { jsonResponse, type Transport } from '#src/kit/http/wire.ts'
import { asDeclared } from './declared-answers.ts'
import { FEDERATION_PATTERN } from './federation-server.ts'

const ID = '6f1e6d2a-0000-4000-8000-000000000001'
const contact = {
  qualified_id: { domain: 'a.example', id: ID },
  id: ID,
  name: 'Alice',
  accent_id: 0,
  handle: null,
  team: null,
  type: 'regular',
}

const search = (contacts: readonly object[]) => {
  const answering: Transport = { send: async () => jsonResponse(200, { contacts, searchPolicy: 'full_search' }) }
  const request = { method: 'POST', pattern: FEDERATION_PATTERN, params: { rpc: 'search-users' } } as const
  const rest = { query: {}, headers: { 'x-wire-api-version': '3' }, body: new Uint8Array() }
  return asDeclared(answering, brigFederation).send({ ...request, ...rest })
}

test('an answer passes as it is declared, and with a field too many or too few it does not', async () => {
  assert.equal((await search([contact])).status, 200)
  const { handle: _, ...handleless } = contact
  for (const wrong of [handleless, { ...contact, email: 'a@b' }, { ...contact, accent_id: 'red' }]) {
    await assert.rejects(search([wrong]))
  }
})
