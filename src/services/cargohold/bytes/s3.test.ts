import assert from 'node:assert/strict'
import { test } from 'node:test'
import { request } from 'undici'
import { nullLog } from '#src/kit/log.ts'
import { startTestS3 } from '../testing-s3.ts'
import { byteStoreSuite, newId, type TestBytes } from './byte-store.suite.ts'
import { s3Bytes } from './s3.ts'

const open = async (): Promise<TestBytes> => {
  const s3 = await startTestS3()
  const store = await s3Bytes(s3.options, nullLog)
  return {
    store,
    kept: s3.objects,
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]()
      await s3[Symbol.asyncDispose]()
    },
  }
}

byteStoreSuite('an S3 server', open)

test('an address opens one object to whoever has it, without credentials of his own, and no other', async () => {
  await using s3 = await startTestS3({ redirect: true })
  await using store = await s3Bytes(s3.options, nullLog)
  const [id, other] = [newId(), newId()]
  for (const each of [id, other]) {
    const source = (async function* () {
      yield Buffer.from('shared')
    })()
    await store.write(each, { source, length: 6 })
  }
  const address = (await store.addressOf(id)) ?? ''
  const answered = await request(address)
  assert.deepEqual([answered.statusCode, await answered.body.text()], [200, 'shared'])
  assert.equal(answered.headers['content-type'], 'application/octet-stream')
  assert.equal(answered.headers['content-disposition'], 'attachment')
  for (const forged of [address.replace(id, other), address.replace(/X-Amz-Signature=[^&]*&/, '')]) {
    const { statusCode, body } = await request(forged)
    await body.dump()
    assert.ok(statusCode === 403 || statusCode === 400, `answered ${statusCode}`)
  }
})
