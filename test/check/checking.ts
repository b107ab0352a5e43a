/** One backend's configuration in a small internet, and what `comity check` finds from there. */
import assert from 'node:assert/strict'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { checkPeer } from '#src/check/peer.ts'
import { checkSelf } from '#src/check/self.ts'
import type { Step } from '#src/check/step.ts'
import { loadConfig } from '#src/config.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import type { RemoteConfigs } from '#src/contract/internal/remotes.ts'
import { Domain } from '#src/contract/ids.ts'
import { systemClock } from '#src/kit/clock.ts'
import { listen } from '#src/kit/http/server.ts'
import { nullLog } from '#src/kit/log.ts'
import { systemRandom } from '#src/kit/random.ts'
import { internalRoutes } from '#src/rpc/context.ts'
import type { Credential } from '#src/world/authority.ts'
import { writeCredential } from '#src/world/credential-files.ts'
import { jsonAnswer } from '#test/federation/fake-component.ts'
import type { BackendPlan, Net, TestBackend } from '#test/federation/net.ts'

export interface Setup {
  readonly domain: string
  /** Default: one that a well-kept federator has. */
  readonly credential?: Credential
  readonly strategy?: 'allowNone' | 'allowAll' | 'allowDynamic'
  readonly remotes?: readonly string[]
  readonly brigPort?: number
  readonly ingressPort?: number
  readonly allowedAddresses?: readonly string[]
  readonly connectTimeoutMs?: number
}

/** Writes the configuration file of a backend, as its operator would. */
export const configure = async (net: Net, setup: Setup): Promise<string> => {
  const infraDomain = `federator.${setup.domain}`
  const directory = await mkdtemp(join(net.directory, 'check-'))
  const credential = setup.credential ?? (await net.authority.issue({ dnsNames: [infraDomain] }))
  const files = await writeCredential(directory, 'own', credential)
  const pair = { certificateFile: files.certificateFile, privateKeyFile: files.keyFile }
  const caFile = join(net.directory, 'ca.pem')
  const configFile = join(directory, 'comity.yaml')
  const config = {
    domain: setup.domain,
    infraDomain,
    dataDirectory: directory,
    listen: { brig: { port: setup.brigPort ?? 0 }, ingress: { port: setup.ingressPort ?? 0 } },
    federation: {
      strategy: setup.strategy ?? 'allowDynamic',
      remotes: (setup.remotes ?? ['beta.test']).map((domain) => ({ domain, search_policy: 'full_search' })),
      dns: { servers: [{ host: net.dns.host, port: net.dns.port }], timeoutMs: 1_000 },
      peerAddresses: { allowed: setup.allowedAddresses ?? ['loopback'] },
      connectTimeoutMs: setup.connectTimeoutMs ?? 3_000,
      headersTimeoutMs: 5_000,
      tls: { ...pair, caFile },
      ingress: { ...pair, clientCaFile: caFile },
    },
  }
  await writeFile(configFile, stringify(config))
  return configFile
}

export const stepsTo = async (domain: string, configFile: string): Promise<readonly Step[]> =>
  Array.fromAsync(checkPeer(await needsFrom(configFile), Domain.parse(domain)))

export const stepsToSelf = async (configFile: string): Promise<readonly Step[]> =>
  Array.fromAsync(checkSelf(await needsFrom(configFile)))

const needsFrom = async (configFile: string) => ({
  config: await loadConfig(configFile, {}),
  configFile,
  clock: systemClock,
  random: systemRandom,
})

export const namesOf = (verdict: Step['verdict'], steps: readonly Step[]): readonly string[] =>
  steps.filter((step) => step.verdict === verdict).map(({ name }) => name)

/** The only step that failed, with everything it says in one text. */
export const onlyFailure = (steps: readonly Step[]): { readonly name: string; readonly text: string } => {
  assert.equal(namesOf('failed', steps).length, 1, `failed: ${namesOf('failed', steps).join(', ') || 'nothing'}`)
  const [failure] = steps.filter(({ verdict }) => verdict === 'failed')
  assert.ok(failure)
  const { name, fact, details = [], why, change } = failure
  return { name, text: [fact, ...details, why, change].join('\n') }
}

/** A backend that tells its versions to whoever may ask. */
export const startPeer = async (net: Net, plan: Partial<BackendPlan> = {}): Promise<TestBackend> => {
  const peer = await net.start({ domain: 'beta.test', ...plan })
  peer.components.answer(() => jsonAnswer({ supported: [0, 1], supported_versions: [0, 1, 2, 3] }))
  return peer
}

/** Alpha's record; nobody has to be there for a peer to believe the certificate. */
export const publishAlpha = (net: Net, port = 443): void =>
  net.publish('alpha.test', [{ host: 'federator.alpha.test', port }])

/** The endpoint by which a running backend tells whom it federates with. */
export const startBrig = (known: RemoteConfigs) => {
  const contract = { 'known-remotes': brigInternal['known-remotes'] }
  const handlers = { 'known-remotes': async () => ({ outcome: 'found' as const, body: known }) }
  const routes = internalRoutes(contract, handlers, { log: nullLog })
  return listen(routes, { host: '127.0.0.1', port: 0, name: 'brig', log: nullLog })
}

/** Where nobody listens. */
export const closedPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}
