/** Stories about files: kept here, had by others, fetched from other backends. Run in every shape of a backend. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { request } from 'undici'
import type { Backend } from '#src/world/backend.ts'
import type { Person } from '#src/world/person.ts'
import { eventually } from '#src/storage/testing.ts'
import { ask, type Asset, download, MULTIPART, multipart, upload } from './asset-calls.ts'
import { labelOf } from './chat.ts'
import type { Telling } from './telling.ts'

const MEBIBYTE = 1024 * 1024
const UNKNOWN = '3-1-00000000-0000-4000-8000-00000000dead'

export const assetStories = (telling: Telling): void => {
  const { people } = telling
  test('AST-001 AST-002: what alice uploads she and bob of another backend download, byte for byte', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test')
    const { alice, alex, bob } = cast
    const data = randomBytes(3 * MEBIBYTE + 17)
    const asset = await upload(alice, data, { public: false, retention: 'volatile' })
    assert.match(asset.key, /^3-3-/)
    for (const person of [alice, alex, bob]) {
      const { status, headers, bytes } = await download(person, asset)
      assert.deepEqual([status, headers['content-type']], [200, 'application/octet-stream'])
      assert.ok(bytes.equals(data), 'other bytes came')
    }
  })

  test('AST-003: a private asset is there for who has its token, on this backend and on another one', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test')
    const { alice, alex, bob } = cast
    const asset = await upload(alice, Buffer.from('private'), { public: false })
    const path = `/v8/assets/alpha.test/${asset.key}`
    const statuses = async (person: Person): Promise<number[]> => {
      const answers = [
        await ask(person, path),
        await ask(person, `${path}?asset_token=`),
        await ask(person, path, { headers: { 'asset-token': 'd3Jvbmc=' } }),
        await ask(person, `${path}?asset_token=d3Jvbmc%3D`),
        await ask(person, path, { headers: { 'asset-token': asset.token ?? '' } }),
        await ask(person, `${path}?asset_token=${encodeURIComponent(asset.token ?? '')}`),
      ]
      return answers.map(({ status }) => status)
    }
    assert.deepEqual(await statuses(alex), [404, 404, 404, 404, 200, 200])
    assert.deepEqual(await statuses(bob), [404, 404, 404, 404, 200, 200])
    assert.equal((await ask(alice, path)).status, 200)
  })

  test('AST-005: who asks for an asset of a backend that is not there is told so', () => absentBackends(telling))

  test('AST-007 AST-013: a public asset is there for everybody, and under the older paths', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test')
    const { alice, alex, bob } = cast
    const asset = await upload(alice, Buffer.from('a picture'), { public: true, retention: 'eternal' })
    assert.deepEqual([asset.token, asset.expires], [undefined, undefined])
    assert.equal(String((await download(alex, asset)).bytes), 'a picture')
    assert.equal(String((await download(bob, asset)).bytes), 'a picture')
    const older = [`/assets/v3/${asset.key}`, `/v1/assets/v4/alpha.test/${asset.key}`]
    for (const path of older) assert.equal(String((await ask(alex, path)).bytes), 'a picture')
    const image = { headers: { accept: 'image/jpeg' } }
    assert.equal((await ask(alex, `/v8/assets/alpha.test/${UNKNOWN}`, image)).status, 404)
    assert.equal((await ask(bob, `/v8/assets/alpha.test/${UNKNOWN}`, image)).status, 404)
  })

  test('AST-008: its uploader deletes an asset, and nobody else does, and then it is gone everywhere', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test')
    const { alice, alex, bob } = cast
    const asset = await upload(alice, Buffer.from('short-lived'))
    const path = `/v8/assets/alpha.test/${asset.key}`
    const refused = await ask(alex, path, { method: 'DELETE' })
    assert.deepEqual([refused.status, labelOf(JSON.parse(String(refused.bytes)))], [403, 'unauthorised'])
    const foreign = await ask(bob, path, { method: 'DELETE' })
    assert.deepEqual([foreign.status, labelOf(JSON.parse(String(foreign.bytes)))], [422, 'federation-not-implemented'])
    assert.equal((await download(bob, asset)).status, 200)
    assert.equal((await ask(alice, path, { method: 'DELETE' })).status, 200)
    assert.deepEqual([(await download(alice, asset)).status, (await download(bob, asset)).status], [404, 404])
  })

  test('AST-010: an upload that is too large, too short or no upload is refused', async () => {
    await using cast = await people('alice@alpha.test')
    const send = async (body: Uint8Array): Promise<unknown[]> => {
      const { status, bytes } = await ask(cast.alice, '/v8/assets', { method: 'POST', headers: MULTIPART, body })
      return [status, labelOf(JSON.parse(String(bytes)))]
    }
    const data = randomBytes(1_000)
    assert.deepEqual(await send(multipart({}, data, { length: 26 * MEBIBYTE })), [413, 'client-error'])
    assert.deepEqual(await send(multipart({}, Buffer.alloc(101 * MEBIBYTE))), [413, 'client-error'])
    assert.deepEqual(await send(multipart({}, data, { length: 1_001 })), [400, 'incomplete-body'])
    assert.deepEqual(await send(multipart({}, data, { length: 2_000 })), [400, 'incomplete-body'])
    assert.deepEqual(await send(data), [400, 'client-error'])
    assert.deepEqual(await send(multipart({}, Buffer.alloc(0))), [400, 'invalid-length'])
  })

  test('a part of an asset can be had, here and from another backend', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const asset = await upload(cast.alice, Buffer.from('0123456789'), { public: true })
    const part = async (person: Person, range: string): Promise<unknown[]> => {
      const { status, headers, bytes } = await ask(person, `/v8/assets/alpha.test/${asset.key}`, { headers: { range } })
      return [status, headers['content-range'], status < 300 ? String(bytes) : '']
    }
    assert.deepEqual(await part(cast.alice, 'bytes=2-4'), [206, 'bytes 2-4/10', '234'])
    assert.deepEqual(await part(cast.alice, 'bytes=-3'), [206, 'bytes 7-9/10', '789'])
    assert.deepEqual(await part(cast.alice, 'bytes=10-'), [416, 'bytes */10', ''])
    assert.deepEqual(await part(cast.bob, 'bytes=2-4'), [206, 'bytes 2-4/*', '234'])
    assert.deepEqual(await part(cast.bob, 'bytes=8-20'), [206, 'bytes 8-9/10', '89'])
    assert.deepEqual(await part(cast.bob, 'bytes=20-30'), [416, 'bytes */10', ''])
    assert.deepEqual(await part(cast.bob, 'bytes=3-'), [200, undefined, '0123456789'])
  })

  test('when a client goes away, the backend that keeps the asset stops sending', () => goneClient(telling))
}

const absentBackends = async ({ network, people }: Telling): Promise<void> => {
  await using cast = await people('alice@alpha.test')
  const { alice } = cast
  const unknown = await ask(alice, `/v8/assets/nowhere.test/${UNKNOWN}`)
  const label = String(labelOf(JSON.parse(String(unknown.bytes))))
  assert.ok(unknown.status === 422 || unknown.status === 400, `answered ${unknown.status}`)
  assert.ok(['invalid-domain', 'federation-denied'].includes(label), label)
  await network().stop('beta.test')
  const down = await ask(alice, `/v8/assets/beta.test/${UNKNOWN}`)
  await network().start('beta.test')
  assert.ok(down.status === 521 || down.status === 533, `answered ${down.status}`)
}

const goneClient = async ({ network, people }: Telling): Promise<void> => {
  await using cast = await people('alice@alpha.test', 'bob@beta.test')
  const { alice, bob } = cast
  // More than all buffers on the way can hold.
  const asset = await upload(alice, Buffer.alloc(25 * MEBIBYTE), { public: true })
  const keeper = network().backend('alpha.test')
  const before = await brokenOff(keeper)
  const response = await beginDownload(bob, asset)
  await once(response, 'readable')
  response.destroy()
  await eventually(async () => (await brokenOff(keeper)) === before + 1, 'the transfer was broken off')
  assert.equal(await figure(keeper, 'comity_assets_transfers'), 0)
}

const beginDownload = async ({ app: { http } }: Person, { domain, key }: Asset): Promise<IncomingMessage> => {
  const headers = { authorization: `Bearer ${http.token ?? ''}` }
  const [response] = await once(get(`${http.baseUrl}/v8/assets/${domain}/${key}`, { headers }), 'response')
  return response as IncomingMessage
}

const brokenOff = (backend: Backend): Promise<number> =>
  figure(backend, 'comity_assets_transfers_total{peer="beta.test",outcome="broken-off"}')

const figure = async ({ ports }: Backend, name: string): Promise<number> => {
  const response = await request(`http://127.0.0.1:${ports.cargohold}/i/metrics`)
  const lines = (await response.body.text()).split('\n')
  const line = lines.find((each) => each.startsWith(`${name} `))
  return Number(line?.slice(name.length) ?? 0)
}
