/** The command as an operator or a script runs it: what it prints, where, and its exit code. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { type Net, startNet } from '#test/federation/net.ts'
import { configure, publishAlpha, startPeer } from './checking.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

const comity = (...args: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { timeout: 60_000 }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    )
  })

const alphaIn = (net: Net): Promise<string> => configure(net, { domain: 'alpha.test' })

test('when nothing fails the exit code is 0 and every step has its line', async () => {
  await using net = await startNet()
  publishAlpha(net)
  await startPeer(net)
  const { code, out, err } = await comity('check', 'beta.test', '--config', await alphaIn(net))
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /^The way from alpha\.test to beta\.test:[^]*api-version +\d[^]*beta\.test: nothing failed\.\n$/)
})

test('when a step fails the exit code is 1 and the last line names it', async () => {
  await using net = await startNet()
  net.dns.setZone({ origin: 'beta.test', records: [] })
  const configFile = await alphaIn(net)
  const { code, out } = await comity('check', 'beta.test', '--config', configFile)
  assert.equal(code, 1)
  assert.match(out, /FAILED +srv[^]*why:[^]*change:[^]*beta\.test: failed: srv\.\nCould not be tried/)
})

test('for programs there is one JSON document and nothing else', async () => {
  await using net = await startNet()
  publishAlpha(net)
  const { code, out } = await comity('check', '--self', '--json', '--config', await alphaIn(net))
  const report: unknown = JSON.parse(out)
  const { ok, domain, steps } = report as { ok: boolean; domain: string; steps: { name: string; verdict: string }[] }
  // Nobody listens on the port of the record.
  assert.deepEqual([code, ok, domain], [1, false, 'alpha.test'])
  assert.deepEqual(
    steps.filter(({ verdict }) => verdict === 'failed').map(({ name }) => name),
    ['tcp'],
  )
})

test('a wrong command line has exit code 2 and says what is wrong', async () => {
  await using net = await startNet()
  const configFile = await alphaIn(net)
  const refused = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await comity('check', ...args)
    assert.deepEqual([code, out], [2, ''])
    return err
  }
  assert.match(await refused('beta.test'), /--config FILE is missing/)
  assert.match(await refused('--config', configFile), /DOMAIN or --self/)
  assert.match(await refused('beta.test', '--self', '--config', configFile), /DOMAIN or --self/)
  assert.match(await refused('not a domain', '--config', configFile), /not the domain of a backend/)
  assert.match(await refused('alpha.test', '--config', configFile), /comity check --self/)
  assert.match(await refused('--frobnicate'), /--frobnicate/)
})
