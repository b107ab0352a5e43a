import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { OpenApi } from '#src/kit/openapi.ts'
import { startTestGateway, type TestGateway } from './testing.ts'

let gateway: TestGateway
before(async () => {
  gateway = await startTestGateway()
})
after(() => gateway[Symbol.asyncDispose]())

const committed = (name: string) => readFile(new URL(`../../openapi/${name}.json`, import.meta.url), 'utf8')

test('the documents are served as they are committed, to anybody', async () => {
  for (const name of ['client', 'federation']) {
    const { status, headers, text } = await gateway.ask(`/api/docs/${name}.json`)
    assert.deepEqual([status, headers['content-type']], [200, 'application/json'])
    assert.equal(text, await committed(name))
  }
})

test('the page shows every operation of both, under a version prefix too', async () => {
  const { status, headers, text } = await gateway.ask('/v8/api/docs')
  assert.deepEqual([status, headers['content-type']], [200, 'text/html; charset=utf-8'])
  for (const name of ['client', 'federation']) {
    const { paths } = JSON.parse(await committed(name)) as OpenApi
    const operations = Object.values(paths).flatMap((path) => Object.values(path))
    const missing = operations.filter(({ operationId }) => !text.includes(`<details id="${operationId}">`))
    assert.deepEqual(missing, [])
  }
})

test('the page fetches nothing and runs nothing', async () => {
  const { headers, text } = await gateway.ask('/api/docs')
  assert.match(String(headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-[^']+';/)
  assert.doesNotMatch(text, /<script|<link|<img|<iframe|\ssrc=|@import|url\(|\son[a-z]+=/i)
  const addresses = [...text.matchAll(/href="([^"]*)"/g)].map(([, address]) => address)
  assert.deepEqual(addresses, ['/api/docs/client.json', '/api/docs/federation.json'])
})
