import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { askWorld, type ControlRequest, serveControl, WorldIsRunning } from './control.ts'

const running = { domain: 'a.test', isRunning: true, clientApi: 'http://127.0.0.1:1', pids: [1] }

test('a command reaches the world and its answer comes back', async (t) => {
  const path = await socketPath(t)
  const heard: ControlRequest[] = []
  await using _ = await serveControl(path, 'var/dev', async (request) => {
    heard.push(request)
    return [running]
  })

  const answer = await askWorld(path, { command: 'stop', domain: 'a.test', kill: true })
  assert.deepEqual(heard, [{ command: 'stop', domain: 'a.test', kill: true }])
  assert.deepEqual(answer, { outcome: 'done', backends: [running] })
})

test('a command that fails is answered with the reason', async (t) => {
  const path = await socketPath(t)
  await using _ = await serveControl(path, 'var/dev', async () => {
    throw new Error('there is no backend b.test')
  })

  const answer = await askWorld(path, { command: 'start', domain: 'b.test' })
  assert.deepEqual(answer, { outcome: 'failed', reason: 'there is no backend b.test' })
})

test('a directory has one world at a time, and what a killed one left behind is no hindrance', async (t) => {
  const path = await socketPath(t)
  await writeFile(path, '')
  await using _ = await serveControl(path, 'var/dev', async () => [])

  assert.equal((await stat(path)).mode & 0o777, 0o600)
  await assert.rejects(
    serveControl(path, 'var/dev', async () => []),
    WorldIsRunning,
  )
})

test('without a world there is nobody to ask', async (t) => {
  assert.equal(await askWorld(await socketPath(t), { command: 'status' }), undefined)
})

async function socketPath(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'comity-control-'))
  t.after(() => rm(directory, { recursive: true }))
  return join(directory, 'control.sock')
}
