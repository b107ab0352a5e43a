/** The servers that stories run on are the real ones, and answer what our own would. */
import assert from 'node:assert/strict'
import { Resolver } from 'node:dns/promises'
import { test, type TestContext } from 'node:test'
import pg from 'pg'
import type { Zone } from '#src/world/dns-zone.ts'
import { startRealDns } from './dns.ts'
import { startPostgres } from './postgres.ts'
import { freePort, Missing } from './service.ts'

const zone: Zone = {
  origin: 'a.test',
  records: [
    { name: '_wire-server-federator._tcp.a.test', type: 'SRV', port: 8443, target: 'federator.a.test' },
    { name: 'federator.a.test', type: 'A', address: '127.0.0.1' },
  ],
}

test('Knot serves the zones of a world', { tags: ['dns'] }, async (t) => servesZones(t, 'knot'))
test('BIND serves the zones of a world', { tags: ['dns'] }, async (t) => servesZones(t, 'bind9'))

async function servesZones(t: TestContext, software: 'knot' | 'bind9'): Promise<void> {
  const dns = await unlessMissing(t, startRealDns({ zones: [zone], port: await freePort(), software }))
  await using _ = dns
  if (!dns) return
  const resolver = new Resolver()
  resolver.setServers([`${dns.host}:${dns.port}`])

  const [service] = await resolver.resolveSrv('_wire-server-federator._tcp.a.test')
  assert.deepEqual([service?.name, service?.port], ['federator.a.test', 8443])
  await assert.rejects(resolver.resolveSrv('_wire-server-federator._tcp.b.a.test'), { code: 'ENOTFOUND' })
}

test('a real database server makes a database for each backend', { tags: ['postgresql'] }, async (t) => {
  const postgres = await unlessMissing(t, startPostgres())
  await using _ = postgres
  if (!postgres) return
  const url = await postgres.createDatabase('comity_a_test')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query('select current_database() as name')
  await client.end()

  assert.deepEqual(rows, [{ name: 'comity_a_test' }])
  assert.equal(await postgres.createDatabase('comity_a_test'), url)
})

async function unlessMissing<T>(t: TestContext, service: Promise<T>): Promise<T | undefined> {
  try {
    return await service
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    t.skip(error.message)
    return undefined
  }
}
