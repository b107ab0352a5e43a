/**
 * How fast requests travel from backend to backend, beside what others do with the same bytes: chains of nginx and
 * haproxy as the C baseline, and the naive way. All in one run on one machine, because only ratios within one run mean
 * anything; docs/performance.md has the last one and what it says.
 */
import { cpus, loadavg } from 'node:os'
import { systemClock } from '#src/kit/clock.ts'
import { findExecutable } from '#src/world/executables.ts'
import { Interrupted, listenForInterrupts } from '#src/world/interrupts.ts'
import { signalAll } from '#src/world/managed-process.ts'
import type { Figure } from '../figures.ts'
import { measureBulk } from './bulk.ts'
import type { Chain } from './chain.ts'
import { COMITY_CHAINS, sitesOf, startComityChain } from './comity-chain.ts'
import { type Ground, startGround } from './ground.ts'
import { HAPROXY_SITE, startHaproxyChain } from './haproxy-chain.ts'
import { startGenerator } from './load.ts'
import { measureRequests } from './measure.ts'
import { NAIVE_SITE, startNaiveChain } from './naive-chain.ts'
import { NGINX_SITE, startNginxChain } from './nginx-chain.ts'
import { type ChainName, parseOptions } from './options.ts'
import { profileReport } from './profile.ts'
import { report } from './report.ts'
import { type Responder, RESPONDER_SITE, startResponder } from './responder.ts'

export interface TransportMeasured {
  readonly figures: readonly Figure[]
  readonly text: string
}

const SITES = [
  RESPONDER_SITE,
  NGINX_SITE,
  HAPROXY_SITE,
  NAIVE_SITE,
  ...COMITY_CHAINS.flatMap((name) => Object.values(sitesOf(name))),
]

export const measureTransport = async (say: (progress: string) => void, given: object): Promise<TransportMeasured> => {
  const options = parseOptions(given)
  // Processes started here have groups of their own, so a Ctrl-C reaches us alone and we stop them in order.
  using interrupts = listenForInterrupts(systemClock, () => {
    signalAll('SIGKILL')
    process.exit(130)
  })
  const stopping = new AbortController()
  void interrupts.interrupted.then(() => stopping.abort(new Interrupted()))

  const haproxy = await findExecutable('haproxy')
  const remarks = [machine()]
  if (!haproxy && options.chains.includes('haproxy')) remarks.push('haproxy is not installed, so its chain is left out')
  const wanted = options.chains.filter((name) => name !== 'haproxy' || haproxy !== undefined)
  const measured = await withChains({ options, wanted, haproxy, say, stopping })
  if (options.profile !== undefined) return { figures: [], text: await profileReport(options.profile) }
  remarks.push(
    `Load of the machine over the last minute: ${measured.loadBefore.toFixed(1)} before, ${oneMinuteLoad().toFixed(1)} after`,
  )
  return report({ ...measured, bulkMegabytes: options.bulk, remarks })
}

interface Work {
  readonly options: ReturnType<typeof parseOptions>
  readonly wanted: readonly ChainName[]
  readonly haproxy: string | undefined
  readonly say: (progress: string) => void
  readonly stopping: AbortController
}

/** When it returns, all that was started has ended. */
const withChains = async ({ options, wanted, haproxy, say, stopping }: Work) => {
  const loadBefore = oneMinuteLoad()
  await using ground = await startGround({ options, sites: SITES, onDeath: (reason) => stopping.abort(reason) })
  const responder = await startResponder(ground)
  const chains: Chain[] = []
  for (const name of wanted) {
    stopping.signal.throwIfAborted()
    say(`starting ${name}`)
    chains.push(await startChain({ ground, responder, haproxy }, name))
  }
  await using generator = startGenerator(stopping.signal)
  const needs = { chains, responder, generator, options, say }
  return { loadBefore, requests: await measureRequests(needs), bulk: await measureBulk(needs) }
}

interface ChainNeeds {
  readonly ground: Ground
  readonly responder: Responder
  readonly haproxy: string | undefined
}

const startChain = async ({ ground, responder, haproxy }: ChainNeeds, name: ChainName): Promise<Chain> => {
  switch (name) {
    case 'comity':
    case 'comity-apart':
    case 'comity-nginx':
      return startComityChain(ground, responder, name)
    case 'nginx':
      return startNginxChain(ground, responder)
    case 'haproxy':
      return startHaproxyChain(ground, responder, haproxy ?? 'haproxy')
    case 'naive':
      return startNaiveChain(ground, responder)
  }
}

const oneMinuteLoad = (): number => loadavg()[0] ?? Number.NaN

const machine = (): string => `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.versions.node}`
