/** A backend that is killed in the middle of uploads serves no half of anything, and keeps no bytes for nobody. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { sql } from 'kysely'
import { systemClock, testClock } from '#src/kit/clock.ts'
import { nullLog } from '#src/kit/log.ts'
import { directoryBytes } from '#src/services/cargohold/bytes/directory.ts'
import { cargoholdMigrations } from '#src/services/cargohold/cargohold.ts'
import { ARRIVING_MS_MAX } from '#src/services/cargohold/limits.ts'
import { cargoholdStore } from '#src/services/cargohold/store.ts'
import { sweep } from '#src/services/cargohold/sweeper.ts'
import { openDatabase } from '#src/storage/database.ts'
import { eventually } from '#src/storage/testing.ts'
import type { BackendLayout } from '#src/world/layout.ts'
import type { Person } from '#src/world/person.ts'
import { TestNetwork } from '#src/world/test-network.ts'
import { Asset, download, MULTIPART, multipart, upload } from '#test/stories/asset-calls.ts'

const DOMAIN = 'alpha.test'
const UPLOADS = 20
const BYTES = 2_000_000

test('SIGKILL in the middle of 20 uploads: what was acknowledged is whole, the rest is gone without a trace', async () => {
  await using network = await TestNetwork.start([DOMAIN])
  const people = await network.register(`alice@${DOMAIN}`, `alex@${DOMAIN}`)
  const [alice] = people
  assert.ok(alice)
  const early = randomBytes(BYTES)
  const kept = await upload(alice, early, { public: true })
  const { layout } = network.backend(DOMAIN)

  const uploads = Array.from({ length: UPLOADS }, (_, number) => begin(people[number % people.length] ?? alice))
  const isArriving = async (): Promise<boolean> => (await arriving(layout)).length === UPLOADS
  await eventually(isArriving, 'all uploads are under way')
  // Half of them come to their end while the blow falls: some may be acknowledged, some not.
  for (const { finish } of uploads.filter((_, number) => number % 2 === 0)) finish()
  const [first] = uploads
  await first?.answered
  await network.kill(DOMAIN)
  const answers = (await Promise.all(uploads.map(({ answered }) => answered))).flatMap((answer) => answer ?? [])
  assert.ok(answers.length >= 1 && answers.length <= UPLOADS / 2)

  await network.start(DOMAIN)
  await alice.goOnline()
  assert.ok((await download(alice, kept)).bytes.equals(early))
  for (const { asset, data } of answers) assert.ok((await download(alice, asset)).bytes.equals(data))
  await network.stop(DOMAIN)

  const served = await rowsAfterSweep(layout)
  const acknowledged = [kept, ...answers.map(({ asset }) => asset)].map(({ key }) => key.slice(4))
  assert.deepEqual(
    acknowledged.filter((id) => !served.includes(id)),
    [],
  )
  // Those whose answer was lost in the crash are whole too, or not there.
  const sent = new Set([early, ...uploads.map(({ data }) => data)].map(digest))
  const files = await filesOf(layout)
  assert.deepEqual(files.map(({ name }) => name).toSorted(), served.toSorted())
  assert.deepEqual(
    files.filter(({ bytes }) => !sent.has(digest(bytes))),
    [],
  )
})

interface Upload {
  readonly data: Buffer
  finish(): void
  /** Undefined when the backend died before it. */
  readonly answered: Promise<{ readonly asset: Asset; readonly data: Buffer } | undefined>
}

const begin = ({ app: { http } }: Person): Upload => {
  const data = randomBytes(BYTES)
  const body = multipart({ public: true }, data)
  const headers = { authorization: `Bearer ${http.token ?? ''}`, ...MULTIPART, 'content-length': body.length }
  const call = request(`${http.baseUrl}/v8/assets`, { method: 'POST', headers, agent: false })
  call.write(body.subarray(0, body.length / 2))
  return { data, finish: () => call.end(body.subarray(body.length / 2)), answered: answerTo(call, data) }
}

const answerTo = async (call: ClientRequest, data: Buffer): ReturnType<() => Upload['answered']> => {
  try {
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    const text = String(await buffer(response))
    return response.statusCode === 201 ? { asset: Asset.parse(JSON.parse(text)), data } : undefined
  } catch {
    // The backend is dead, as it should be.
    return undefined
  }
}

const arriving = ({ dataDirectory }: BackendLayout): Promise<string[]> =>
  readdir(join(dataDirectory, 'assets/arriving'))

/** Ids of the assets that can be had, once the sweeper has come by hours later. */
const rowsAfterSweep = async ({ dataDirectory }: BackendLayout): Promise<string[]> => {
  await using database = await openDatabase({ dataDirectory, log: nullLog })
  const db = await database.schema<unknown>('cargohold', cargoholdMigrations)
  await using bytes = await directoryBytes(join(dataDirectory, 'assets'))
  const clock = testClock(new Date(systemClock.now().getTime() + 2 * ARRIVING_MS_MAX))
  await sweep({ store: cargoholdStore(db), bytes, clock })
  const { rows } = await sql<{ id: string; state: string }>`select id, state from cargohold.assets`.execute(db)
  assert.deepEqual(
    rows.filter(({ state }) => state !== 'there'),
    [],
  )
  return rows.map(({ id }) => id)
}

const filesOf = async ({ dataDirectory }: BackendLayout) => {
  const entries = await readdir(join(dataDirectory, 'assets'), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return Promise.all(
    files.map(async ({ name, parentPath }) => ({ name, bytes: await readFile(join(parentPath, name)) })),
  )
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
