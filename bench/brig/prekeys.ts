/**
 * Prekeys that another backend claims, over HTTP, on a PostgreSQL server that syncs. Fast is worth nothing if one is
 * handed out twice, so every answer is kept and looked at.
 */
import { Pool } from 'undici'
import { listen } from '#src/kit/http/server.ts'
import { nullLog } from '#src/kit/log.ts'
import { registerPerson, startTestBrig, type TestBrig } from '#src/services/brig/testing.ts'
import { openDatabase } from '#src/storage/database.ts'
import { startPostgres } from '#test/services/postgres.ts'
import type { Figure } from '../figures.ts'

const PEOPLE = 50
const DEVICES_EACH = 7
const PREKEYS_EACH = 400
const PREKEYS_IN_ALL = PEOPLE * DEVICES_EACH * PREKEYS_EACH
const LAST_RESORT = 65_535
const AT_ONCE = 64
const WARM_UP_SECONDS = 2
const GOAL_PER_SECOND = 1_000
const ORIGIN = 'b.example'

export const measurePrekeys = async (
  say: (progress: string) => void,
  { seconds }: { readonly seconds: number },
): Promise<readonly Figure[]> => {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startPostgres({ isDurable: true }))
  const url = await server.createDatabase('brig')
  const database = stack.use(await openDatabase({ url, dataDirectory: '', log: nullLog }))
  const brig = stack.use(await startTestBrig({ database }))
  say(`prekeys: ${PEOPLE * DEVICES_EACH} devices with ${PREKEYS_EACH} prekeys each`)
  const devices = await populate(brig)
  const listener = stack.use(await listen(brig.routes, { host: '127.0.0.1', port: 0, name: 'brig', log: nullLog }))
  const pool = new Pool(listener.url, { connections: AT_ONCE })
  stack.defer(() => pool.close())

  say('prekeys: claims of one device after another')
  await claimFor(pool, WARM_UP_SECONDS, (turn) => devices[(turn * 7_919) % devices.length])
  const spread = await claimFor(pool, seconds, (turn) => devices[(turn * 7_919) % devices.length])
  say('prekeys: all claims of one device')
  const [first] = devices
  await fill(brig, LAST_RESORT - 1)
  const same = await claimFor(pool, seconds, () => first)
  return [
    { name: 'prekeys claimed of many devices', value: spread.perSecond, unit: 'req/s', atLeast: GOAL_PER_SECOND },
    { name: 'prekeys claimed of many devices, p99', value: spread.p99Ms, unit: 'ms' },
    { name: 'prekeys claimed of one device', value: same.perSecond, unit: 'req/s', atLeast: GOAL_PER_SECOND },
    { name: 'prekeys claimed of one device, p99', value: same.p99Ms, unit: 'ms' },
    { name: 'prekeys handed out twice', value: spread.duplicates + same.duplicates, unit: '1', below: 1 },
  ]
}

interface Device {
  readonly user: string
  readonly client: string
}

const populate = async (brig: TestBrig): Promise<readonly Device[]> => {
  for (let person = 0; person < PEOPLE; person += 1) await registerPerson(brig)
  await brig.alter(`
    insert into brig.clients (user_id, id, type, capabilities, mls_public_keys, created_at)
    select users.id, to_hex(device), 'permanent', '[]', '{}', now()
    from brig.users, generate_series(1, ${DEVICES_EACH}) device`)
  await fill(brig, PREKEYS_EACH)
  const rows = await brig.query('select user_id, id from brig.clients order by user_id, id')
  return rows.map(({ user_id: user, id }) => ({ user: String(user), client: String(id) }))
}

/** With prekeys that look like real ones, and statistics as a server in use has them. */
const fill = async (brig: TestBrig, count: number): Promise<void> => {
  await brig.alter(`
    insert into brig.prekeys (user_id, client_id, id, key)
    select user_id, clients.id, prekey, repeat('x', 80) || prekey
    from (select * from brig.clients order by user_id, id limit ${Math.ceil(PREKEYS_IN_ALL / count)}) clients,
      (select generate_series(1, ${count}) union select ${LAST_RESORT}) named (prekey)
    on conflict do nothing`)
  await brig.alter('vacuum analyze brig.prekeys')
}

interface Claimed {
  readonly perSecond: number
  readonly p99Ms: number
  readonly duplicates: number
}

const claimFor = async (pool: Pool, seconds: number, next: (turn: number) => Device | undefined): Promise<Claimed> => {
  const handedOut = new Set<string>()
  const times: number[] = []
  let [turn, duplicates] = [0, 0]
  const begun = performance.now()
  const end = begun + seconds * 1_000
  const work = async (): Promise<void> => {
    for (;;) {
      const started = performance.now()
      if (started >= end) return
      const device = next(turn++)
      if (!device) throw new Error('there are no devices')
      const id = await claim(pool, device)
      times.push(performance.now() - started)
      const key = `${device.user} ${device.client} ${id}`
      if (id !== LAST_RESORT && handedOut.has(key)) duplicates += 1
      handedOut.add(key)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const took = (performance.now() - begun) / 1_000
  const sorted = times.toSorted((one, other) => one - other)
  return { perSecond: times.length / took, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0, duplicates }
}

const claim = async (pool: Pool, { user, client }: Device): Promise<number> => {
  const answered = await pool.request({
    method: 'POST',
    path: '/federation/claim-prekey',
    headers: { 'content-type': 'application/json', 'wire-origin-domain': ORIGIN, 'x-wire-api-version': '2' },
    body: JSON.stringify([user, client]),
  })
  const body = (await answered.body.json()) as { prekey: { id: number } } | null
  if (answered.statusCode !== 200 || !body) throw new Error(`a claim was answered with ${answered.statusCode}`)
  return body.prekey.id
}
