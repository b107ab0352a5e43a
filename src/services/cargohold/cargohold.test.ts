import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { request } from 'undici'
import { serverDatabases } from '#src/storage/testing.ts'
import { cargoholdSuite } from './cargohold.suite.ts'
import { A, ALEX, ALICE, startTestCargohold } from './testing.ts'

const server = process.env['COMITY_TEST_DATABASE_URL']
const skip = server === undefined && 'no PostgreSQL server: COMITY_TEST_DATABASE_URL is not set'

cargoholdSuite('directory')
cargoholdSuite('s3')
describe('on a server', { skip }, () => {
  cargoholdSuite('directory', () => serverDatabases(server ?? ''))
})

test('AST-001: where storage is configured so, a client is sent to it, without a token of ours', async () => {
  await using cargohold = await startTestCargohold('s3 with redirects')
  const { key, token = '' } = await cargohold.upload(ALICE, Buffer.from('elsewhere'))
  const answered = await cargohold.as(ALEX, `/assets/${A}/${key}?asset_token=${token}`)
  assert.equal(answered.status, 302)
  const followed = await request(String(answered.headers['location']))
  assert.deepEqual([followed.statusCode, await followed.body.text()], [200, 'elsewhere'])
  assert.equal((await cargohold.as(ALEX, `/assets/${A}/${key}`)).status, 404)
})
