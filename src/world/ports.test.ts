import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { choosePorts, portsInUse } from './ports.ts'

test('every listener of a world has a port of its own', async () => {
  const ports = await choosePorts(['a.test', 'b.test'])
  const all = [ports.dns, ...Object.values(ports.backends).flatMap((backend) => Object.values(backend))]
  assert.equal(new Set(all).size, 19)
})

test('known ports stay when a backend is added', async () => {
  const before = await choosePorts(['a.test', 'b.test'])
  const after = await choosePorts(['b.test', 'c.test'], before)

  assert.equal(after.dns, before.dns)
  assert.deepEqual(after.backends['b.test'], before.backends['b.test'])
  assert.equal(Object.values(after.backends).flatMap((backend) => Object.values(backend)).length, 27)
  assert.equal(new Set(Object.values(after.backends).flatMap((backend) => Object.values(backend))).size, 27)
})

test('a port that something else listens on is named', async (t) => {
  const ports = await choosePorts(['a.test'])
  const taken = ports.backends['a.test']?.galley
  const squatter = createServer().listen(taken, '127.0.0.1')
  await once(squatter, 'listening')
  t.after(() => squatter.close())

  assert.deepEqual(await portsInUse(ports), [`${taken} (galley of a.test)`])
})
