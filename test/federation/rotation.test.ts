import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#src/kit/clock.ts'
import { createLog, type Log } from '#src/kit/log.ts'
import { createAuthority, type Authority } from '#src/world/authority.ts'
import { writeCredential } from '#src/world/credential-files.ts'
import { replaceFile } from '#src/world/replace-file.ts'
import { callPeer } from './calling.ts'
import { until } from './fake-peer.ts'
import { shakeHands, tlsOptions } from './knock.ts'
import { type Net, startNet, type TestBackend } from './net.ts'

/** Counts the reloads that a log tells of. */
const reloadLog = (): { log: Log; count: () => number } => {
  let reloads = 0
  const write = (line: string): void => void (reloads += line.includes('were reloaded') ? 1 : 0)
  return { log: createLog({ level: 'info', name: 'test', destination: { write } }), count: () => reloads }
}

/** Requests without a pause: on a session that stays, and each on one that is opened for it. */
const keepCalling = (net: Net, from: TestBackend, to: TestBackend) => {
  const over = new AbortController()
  const statuses: number[] = []
  const callAgain = async (domainOf: (count: number) => string): Promise<void> => {
    for (let count = 0; !over.signal.aborted; count++) {
      const domain = domainOf(count)
      if (domain !== to.domain) net.publish(domain, [{ host: to.infraDomain, port: to.ingress.port }])
      statuses.push((await callPeer(from, domain)).status)
    }
  }
  const calling = [
    callAgain(() => to.domain),
    // Sessions are kept per domain, so a domain that was not called before means a session with what is current now.
    callAgain((count) => `alias${count}.${to.domain}`),
  ]
  return {
    statuses,
    stop: async (): Promise<void> => {
      over.abort()
      await Promise.all(calling)
    },
  }
}

test('both sides get certificates of a new authority while requests go on, and none fails', async () => {
  await using net = await startNet()
  const { log, count } = reloadLog()
  const a = await net.start({ domain: 'a.test', log })
  const b = await net.start({ domain: 'b.test', log, ingress: 'split' })
  const renewed = await createAuthority('New Authority', systemClock)
  const trust = (...authorities: Authority[]): Promise<void> =>
    replaceFile(join(net.directory, 'ca.pem'), authorities.map(({ certificatePem }) => certificatePem).join(''), 0o644)
  const forth = keepCalling(net, a, b)
  const back = keepCalling(net, b, a)

  // Federator and ingress of both backends.
  await trust(net.authority, renewed)
  await until(() => count() >= 4, 'the new authority is trusted everywhere')
  for (const { files, infraDomain } of [a, b]) {
    const credential = await renewed.issue({ dnsNames: [infraDomain] })
    await writeCredential(join(files.certificateFile, '..'), 'federator', credential)
  }
  await until(() => count() >= 8, 'everybody shows a certificate of the new authority')
  await trust(renewed)
  await until(() => count() >= 12, 'the old authority is forgotten everywhere')
  const afterwards = forth.statuses.length + back.statuses.length + 20
  await until(() => forth.statuses.length + back.statuses.length >= afterwards, 'more requests are answered')
  await Promise.all([forth.stop(), back.stop()])

  assert.deepEqual(new Set([...forth.statuses, ...back.statuses]), new Set([200]))
  await assert.rejects(shakeHands(tlsOptions(net, b, {})), /self-signed|unable to verify|unable to get/)
})
