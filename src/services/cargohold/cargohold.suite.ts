/** What cargohold does, wherever it keeps bytes and what it knows of them. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { eventually, type TestDatabases } from '#src/storage/testing.ts'
import { SWEEP_INTERVAL_MS, UPLOADS_PER_USER_MAX as UPLOADS_MAX } from './limits.ts'
import {
  A,
  ALEX,
  ALICE,
  B,
  BOB,
  DAN,
  GUS,
  MAX_BYTES,
  MULTIPART,
  multipart,
  startTestCargohold,
  type StoreKind,
  TEAM_MAX_BYTES,
  type TestCargohold,
  TINA,
} from './testing.ts'

const UNKNOWN = '3-1-00000000-0000-4000-8000-00000000dead'
const DAY_MS = 24 * 60 * 60 * 1000

export const cargoholdSuite = (kind: StoreKind, databases?: () => Promise<TestDatabases>): void => {
  describe(`cargohold with a store of kind ${kind}`, () => {
    let cargohold: TestCargohold
    before(async () => {
      cargohold = await startTestCargohold(kind, databases)
    })
    after(() => cargohold[Symbol.asyncDispose]())

    test('AST-001: an upload has a key, a token and an end, and its bytes come back with headers that tame them', () =>
      upAndDown(cargohold))
    test('AST-002: other backends get what their user may have, asked again for every transfer', () =>
      transfers(cargohold))
    test('AST-003: a private asset is there for its owner and for who has its token', () => tokens(cargohold))
    test('AST-005: failures of other backends are passed on', () => remoteFailures(cargohold))
    test('AST-007: a public asset needs no token, and bears one', () => publicAssets(cargohold))
    test('AST-008: only its owner deletes an asset, and its bytes go with it', () => deletion(cargohold))
    test('AST-010: limits differ for teams, guests may upload, unknown and former users may not', () =>
      uploaders(cargohold))
    test('AST-010: what is no upload, or not as long as it says, is refused and leaves nothing', () =>
      badUploads(cargohold))
    test('AST-011: how long assets live follows from their retention, and the sweeper takes what is over', () =>
      retention(cargohold))
    test('AST-013: older paths lead to the same assets', () => olderPaths(cargohold))
    test('its owner renews the token of an asset and takes it away', () => changedTokens(cargohold))
    test('a user has so many uploads at once and no more', () => manyUploads(cargohold))
    test('assets of other backends are passed on within their bounds', () => fromRemote(cargohold))
  })
}

const tokenHeader = (token: string | undefined) => ({ headers: { 'asset-token': token ?? '' } })

const upAndDown = async (cargohold: TestCargohold): Promise<void> => {
  const data = randomBytes(70_000)
  const body = multipart({ public: false, retention: 'volatile', filename: 'Grüße 🌍.png' }, data)
  const answered = await cargohold.as(ALICE, '/assets', { method: 'POST', headers: MULTIPART, body })
  assert.equal(answered.status, 201)
  const asset = JSON.parse(String(answered.bytes)) as Record<string, string>
  assert.match(asset['key'] ?? '', /^3-3-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.match(asset['token'] ?? '', /^[\w-]{22}==$/)
  assert.equal(asset['domain'], A)
  assert.equal(asset['expires'], new Date(cargohold.clock.now().getTime() + 28 * DAY_MS).toISOString())
  assert.equal(answered.headers['location'], `/assets/${A}/${asset['key']}`)
  const read = await cargohold.as(ALEX, `/assets/${A}/${asset['key']}`, tokenHeader(asset['token']))
  assert.equal(read.status, 200)
  assert.ok(read.bytes.equals(data))
  const { 'content-type': type, 'content-length': length, 'x-content-type-options': sniff } = read.headers
  assert.deepEqual([type, length, sniff], ['application/octet-stream', '70000', 'nosniff'])
  assert.equal(read.headers['content-disposition'], 'attachment')
  assert.match(String(read.headers['content-security-policy']), /default-src 'none'/)
  const other = (asset['key'] ?? '').replace('3-3-', '3-1-')
  assert.equal((await cargohold.as(ALICE, `/assets/${A}/${other}`)).status, 404)
}

const transfers = async (cargohold: TestCargohold): Promise<void> => {
  const data = randomBytes(50_000)
  const { key, token } = await cargohold.upload(ALICE, data)
  const ask = (rpc: string, given: unknown, user = BOB) => cargohold.from(B, rpc, { user, key, token: given })
  const available = async (given: unknown, user = BOB): Promise<unknown> =>
    JSON.parse(String((await ask('get-asset', given, user)).bytes))
  assert.deepEqual(await available(token), { available: true })
  assert.deepEqual(await available(null), { available: false })
  assert.deepEqual(await available('d3Jvbmc'), { available: false })
  // A user of another backend with the id of the owner is not the owner.
  assert.deepEqual(await available(null, ALICE), { available: false })
  const streamed = await ask('stream-asset', token)
  assert.deepEqual([streamed.status, streamed.headers['content-type']], [200, 'application/octet-stream'])
  assert.ok(streamed.bytes.equals(data))
  const refused = await ask('stream-asset', null)
  assert.deepEqual([refused.status, refused.label], [404, 'not-found'])
  const isAbout = (line: Record<string, unknown>): boolean => line['audit'] === 'asset-transfer' && line['key'] === key
  await eventually(() => cargohold.logged.some(isAbout), 'the transfer is in the log')
  const { origin, user, bytes, isComplete } = cargohold.logged.find(isAbout) ?? {}
  assert.deepEqual([origin, user, bytes, isComplete], [B, BOB, 50_000, true])
  const figures = await cargohold.metrics()
  assert.match(figures, /comity_assets_transfers_total\{peer="b.example",outcome="complete"\} [1-9]/)
}

const tokens = async (cargohold: TestCargohold): Promise<void> => {
  const { key, token = '' } = await cargohold.upload(ALICE, Buffer.from('private'), { public: false })
  const path = `/assets/${A}/${key}`
  const status = async (target: string, headers: Record<string, string> = {}): Promise<number> =>
    (await cargohold.as(ALEX, target, { headers })).status
  const refused = [
    await status(path),
    await status(`${path}?asset_token=`),
    await status(path, { 'asset-token': 'd3Jvbmc=' }),
    await status(`${path}?asset_token=d3Jvbmc%3D`),
    await status(`${path}?asset_token=${token}`, { 'asset-token': 'd3Jvbmc=' }),
    await status(path, { 'asset-token': '%%%' }),
  ]
  assert.deepEqual(refused, [404, 404, 404, 404, 404, 404])
  const allowed = [
    await status(path, { 'asset-token': token }),
    await status(`${path}?asset_token=${token}`),
    await status(`${path}?asset_token=${token}&forceCaching=true`),
    (await cargohold.as(ALICE, path)).status,
  ]
  assert.deepEqual(allowed, [200, 200, 200, 200])
}

const remoteFailures = async (cargohold: TestCargohold): Promise<void> => {
  const unknown = await cargohold.as(ALICE, `/assets/nowhere.example/${UNKNOWN}`)
  assert.deepEqual([unknown.status, unknown.label], [422, 'invalid-domain'])
  const down = await cargohold.as(ALICE, `/assets/${B}/${UNKNOWN}`)
  assert.deepEqual([down.status, down.label], [521, 'federation-connection-refused'])
}

const publicAssets = async (cargohold: TestCargohold): Promise<void> => {
  const asset = await cargohold.upload(ALICE, Buffer.from('for all'), { public: true, retention: 'eternal' })
  assert.deepEqual([asset.token, asset.expires], [undefined, undefined])
  const path = `/assets/${A}/${asset.key}`
  assert.equal(String((await cargohold.as(ALEX, path)).bytes), 'for all')
  assert.equal((await cargohold.as(ALEX, path, tokenHeader('d3Jvbmc='))).status, 200)
  const { bytes } = await cargohold.from(B, 'get-asset', { user: BOB, key: asset.key, token: null })
  assert.deepEqual(JSON.parse(String(bytes)), { available: true })
}

const deletion = async (cargohold: TestCargohold): Promise<void> => {
  const asset = await cargohold.upload(ALICE, Buffer.from('gone'))
  const path = `/assets/${A}/${asset.key}`
  const remove = async (user: typeof ALICE, target = path): Promise<unknown[]> => {
    const { status, label } = await cargohold.as(user, target, { method: 'DELETE' })
    return [status, label]
  }
  assert.deepEqual(await remove(ALEX), [403, 'unauthorised'])
  assert.deepEqual(await remove(ALICE, `/assets/${A}/${UNKNOWN}`), [404, 'not-found'])
  assert.deepEqual(await remove(ALICE, `/assets/${B}/${asset.key}`), [422, 'federation-not-implemented'])
  assert.deepEqual(await remove(ALICE), [200, undefined])
  assert.equal((await cargohold.as(ALICE, path)).status, 404)
  assert.deepEqual(await remove(ALICE), [404, 'not-found'])
  assert.equal((await cargohold.from(B, 'stream-asset', { user: BOB, key: asset.key, token: asset.token })).status, 404)
  assert.ok(!(await cargohold.kept()).includes(asset.key.slice(4)))
}

const uploaders = async (cargohold: TestCargohold): Promise<void> => {
  const upload = async (user: typeof ALICE, length: number): Promise<unknown[]> => {
    const body = multipart({}, Buffer.alloc(length))
    const { status, label } = await cargohold.as(user, '/assets', { method: 'POST', headers: MULTIPART, body })
    return [status, label]
  }
  assert.deepEqual(await upload(ALICE, MAX_BYTES), [201, undefined])
  assert.deepEqual(await upload(ALICE, MAX_BYTES + 1), [413, 'client-error'])
  assert.deepEqual(await upload(GUS, MAX_BYTES), [201, undefined])
  assert.deepEqual(await upload(TINA, TEAM_MAX_BYTES), [201, undefined])
  assert.deepEqual(await upload(TINA, TEAM_MAX_BYTES + 1), [413, 'client-error'])
  assert.deepEqual(await upload(TINA, 2_000_000), [413, 'client-error'])
  assert.deepEqual(await upload(DAN, 1), [403, 'unverified-user'])
  assert.deepEqual(await upload(BOB, 1), [403, 'unverified-user'])
}

const badUploads = async (cargohold: TestCargohold): Promise<void> => {
  const before = await cargohold.kept()
  const data = Buffer.from('some bytes')
  const refusals: readonly (readonly [Buffer, number, string])[] = [
    [multipart({}, data, { length: data.length + 1 }), 400, 'incomplete-body'],
    [multipart({}, data, { length: data.length + 500 }), 400, 'incomplete-body'],
    [multipart({}, data, { length: data.length - 1 }), 400, 'incomplete-body'],
    [multipart({}, data).subarray(0, -30), 400, 'incomplete-body'],
    [multipart({}, Buffer.alloc(0)), 400, 'invalid-length'],
    [multipart({}, data, { length: -1 }), 400, 'invalid-length'],
    [multipart({}, data, { length: '' }), 400, 'invalid-length'],
    [multipart({}, data, { length: '1e3' }), 400, 'invalid-length'],
    [multipart('{"public":', data), 400, 'client-error'],
    [multipart({ retention: 'for a while' }, data), 400, 'client-error'],
    [multipart({ public: 'yes' }, data), 400, 'client-error'],
    [multipart({ filename: 'x'.repeat(100_000) }, data), 400, 'client-error'],
    [multipart({}, data, { boundary: 'x'.repeat(200) }), 400, 'client-error'],
    [data, 400, 'client-error'],
    [Buffer.alloc(0), 400, 'client-error'],
  ]
  for (const [body, status, label] of refusals) {
    const answered = await cargohold.as(ALICE, '/assets', { method: 'POST', headers: MULTIPART, body })
    assert.deepEqual([answered.status, answered.label], [status, label])
  }
  assert.deepEqual(await cargohold.kept(), before)
}

const retention = async (cargohold: TestCargohold): Promise<void> => {
  const upload = (kind: string) => cargohold.upload(ALICE, Buffer.from(kind), { public: true, retention: kind })
  const volatile = await upload('volatile')
  const expiring = await upload('expiring')
  const unlimited = [await upload('eternal'), await upload('persistent'), await upload('eternal-infrequent_access')]
  assert.deepEqual([volatile.key[2], expiring.key[2], ...unlimited.map(({ key }) => key[2])], ['3', '5', '1', '2', '4'])
  assert.deepEqual(
    unlimited.map(({ expires }) => expires),
    [undefined, undefined, undefined],
  )
  const status = async ({ key }: { readonly key: string }): Promise<number> =>
    (await cargohold.as(ALEX, `/assets/${A}/${key}`)).status
  const isKept = async ({ key }: { readonly key: string }): Promise<boolean> => {
    await cargohold.clock.advance(SWEEP_INTERVAL_MS)
    return (await cargohold.kept()).includes(key.slice(4))
  }
  await cargohold.clock.jump(28 * DAY_MS)
  assert.deepEqual([await status(volatile), await status(expiring)], [404, 200])
  await eventually(async () => !(await isKept(volatile)), 'the bytes of the volatile asset are gone')
  await cargohold.clock.jump(337 * DAY_MS)
  assert.equal(await status(expiring), 404)
  await eventually(async () => !(await isKept(expiring)), 'the bytes of the expiring asset are gone')
  for (const asset of unlimited) assert.equal(await status(asset), 200)
}

const olderPaths = async (cargohold: TestCargohold): Promise<void> => {
  const body = multipart({ public: true }, Buffer.from('older'))
  const answered = await cargohold.as(ALICE, '/assets/v3', { method: 'POST', headers: MULTIPART, body })
  const { key } = JSON.parse(String(answered.bytes)) as { key: string }
  for (const path of [`/assets/v3/${key}`, `/assets/v4/${A}/${key}`, `/assets/${A}/${key}`]) {
    assert.equal(String((await cargohold.as(ALEX, path)).bytes), 'older')
  }
  const image = { headers: { accept: 'image/jpeg' } }
  assert.equal((await cargohold.as(ALEX, `/assets/${A}/${UNKNOWN}`, image)).status, 404)
  assert.equal((await cargohold.as(ALEX, `/assets/v3/${UNKNOWN}`)).status, 404)
  const renewed = await cargohold.as(ALICE, `/assets/v3/${key}/token`, { method: 'POST' })
  assert.equal(renewed.status, 200)
  assert.equal((await cargohold.as(ALICE, `/assets/v3/${key}/token`, { method: 'DELETE' })).status, 200)
  assert.equal((await cargohold.as(ALEX, `/assets/v3/${key}`, { method: 'DELETE' })).status, 403)
  assert.equal((await cargohold.as(ALICE, `/assets/v4/${A}/${key}`, { method: 'DELETE' })).status, 200)
}

const changedTokens = async (cargohold: TestCargohold): Promise<void> => {
  const { key, token } = await cargohold.upload(ALICE, Buffer.from('secret'))
  const path = `/assets/${A}/${key}`
  const refused = await cargohold.as(ALEX, `/assets/${key}/token`, { method: 'POST' })
  assert.deepEqual([refused.status, refused.label], [403, 'unauthorised'])
  const renewed = await cargohold.as(ALICE, `/assets/${key}/token`, { method: 'POST' })
  const next = (JSON.parse(String(renewed.bytes)) as { token: string }).token
  assert.notEqual(next, token)
  assert.equal((await cargohold.as(ALEX, path, tokenHeader(token))).status, 404)
  assert.equal((await cargohold.as(ALEX, path, tokenHeader(next))).status, 200)
  assert.equal((await cargohold.as(ALEX, `/assets/${key}/token`, { method: 'DELETE' })).status, 403)
  assert.equal((await cargohold.as(ALICE, `/assets/${key}/token`, { method: 'DELETE' })).status, 200)
  assert.equal((await cargohold.as(ALEX, path)).status, 200)
  assert.equal((await cargohold.as(ALICE, `/assets/${UNKNOWN}/token`, { method: 'DELETE' })).status, 404)
}

const manyUploads = async (cargohold: TestCargohold): Promise<void> => {
  const release = Promise.withResolvers<void>()
  const whole = multipart({}, Buffer.from('slow'))
  async function* slowly(): AsyncGenerator<Uint8Array> {
    yield whole.subarray(0, 100)
    await release.promise
    yield whole.subarray(100)
  }
  const upload = (user: typeof ALICE, body: Readable) =>
    cargohold.as(user, '/assets', { method: 'POST', headers: MULTIPART, body })
  const held = Array.from({ length: UPLOADS_MAX }, () => upload(ALICE, Readable.from(slowly())))
  const isFull = async (): Promise<boolean> =>
    new RegExp(`^comity_assets_uploads ${UPLOADS_MAX}$`, 'm').test(await cargohold.metrics())
  await eventually(isFull, 'all uploads are under way')
  const refused = await upload(ALICE, Readable.from([whole]))
  assert.deepEqual([refused.status, refused.label], [420, 'client-error'])
  assert.equal((await upload(ALEX, Readable.from([whole]))).status, 201)
  release.resolve()
  const statuses = (await Promise.all(held)).map(({ status }) => status)
  assert.deepEqual([...new Set(statuses)], [201])
  assert.equal((await upload(ALICE, Readable.from([whole]))).status, 201)
}

const fromRemote = async (cargohold: TestCargohold): Promise<void> => {
  const path = `/assets/${B}/${UNKNOWN}`
  cargohold.plays({ isAvailable: false })
  assert.equal((await cargohold.as(ALICE, path)).status, 404)
  cargohold.plays({ isAvailable: true, body: () => Readable.from([Buffer.from('very '), Buffer.from('afar')]) })
  const read = await cargohold.as(ALICE, path)
  assert.deepEqual([read.status, String(read.bytes)], [200, 'very afar'])
  assert.equal(read.headers['x-content-type-options'], 'nosniff')
  const part = await cargohold.as(ALICE, path, { headers: { range: 'bytes=5-6' } })
  assert.deepEqual([part.status, part.headers['content-range'], String(part.bytes)], [206, 'bytes 5-6/*', 'af'])
  async function* breakingOff(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(1_000)
    await setImmediate()
    throw new Error('the other backend went away')
  }
  cargohold.plays({ isAvailable: true, body: () => Readable.from(breakingOff()) })
  // Half an asset never looks like a whole one.
  await assert.rejects(cargohold.as(ALICE, path))
}
