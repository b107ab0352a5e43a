import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { type ProcessPlan, readLog, startProcess } from './managed-process.ts'

const STAYS = 'setInterval(() => {}, 1000);'

test('a process is there when it says so, and stops when asked to', async (t) => {
  const running = await startProcess(await planFor(t, `${STAYS} console.log("ready")`), systemClock)
  assert.equal(running.hasEnded, false)
  await running.stop()

  assert.deepEqual(await running.ended, { code: null, signal: 'SIGTERM', isUnexpected: false })
})

test('one that ends before it is ready is an error that shows what it said last', async (t) => {
  const plan = await planFor(t, 'console.log("no database"); process.exitCode = 3')
  await assert.rejects(startProcess(plan, systemClock), (error: Error) => {
    assert.match(error.message, /did not start; its log .* ends with:\n {4}no database/)
    assert.match(String(error.cause), /ended with code 3/)
    return true
  })
})

test('a program that does not exist is named', async (t) => {
  const plan = { ...(await planFor(t, '')), command: '/nowhere/nginx' }
  await assert.rejects(startProcess(plan, systemClock), /starting \/nowhere\/nginx for a\.test/)
})

test('a death that nobody asked for is told from one that was', async (t) => {
  const running = await startProcess(await planFor(t, `${STAYS} console.log("ready")`), systemClock)
  process.kill(running.pid, 'SIGKILL')

  assert.deepEqual(await running.ended, { code: null, signal: 'SIGKILL', isUnexpected: true })
})

test('the log of a run starts where the run before ended', async (t) => {
  const plan = await planFor(t, `${STAYS} console.log("ready", process.pid)`)
  const first = await startProcess(plan, systemClock)
  await first.stop()
  const second = await startProcess(plan, systemClock)
  await second.stop()

  assert.equal(await readLog(second), `ready ${second.pid}\n`)
})

test('killing takes the children of a process along', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const connects = `require("node:net").connect(${port}, "127.0.0.1")`
  const child = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(connects)}]);`
  const connected = once(server, 'connection')
  const running = await startProcess(await planFor(t, `${STAYS} ${child} console.log("ready")`), systemClock)
  const [connection]: Socket[] = await connected
  assert.ok(connection)
  const closed = once(connection.resume(), 'close')
  await running.stop({ kill: true })

  await withDeadline(closed, 60_000, 'the end of the grandchild')
})

async function planFor(t: TestContext, script: string): Promise<ProcessPlan> {
  const directory = await mkdtemp(join(tmpdir(), 'comity-process-'))
  t.after(() => rm(directory, { recursive: true }))
  return {
    name: 'a.test',
    command: process.execPath,
    args: ['-e', script],
    logFile: join(directory, 'log'),
    isReady: (log) => log.includes('ready'),
  }
}
