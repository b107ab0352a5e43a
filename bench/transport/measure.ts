/** Small requests through all chains in turn, repetition by repetition: a machine has good and bad minutes. */
import type { Chain } from './chain.ts'
import { countConnections } from './connections.ts'
import { cpuSecondsOf } from './cpu.ts'
import { type Generator, smallRequest } from './load.ts'
import type { TransportOptions } from './options.ts'
import type { Responder } from './responder.ts'

export interface Measurement {
  readonly chain: Chain
  readonly inFlight: number
  readonly requests: number
  readonly failures: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU per request of each hop, in their order. */
  readonly hopMicros: readonly number[]
  /** The component at the end and, for us, the brig that says who is allowed. Not part of the chain. */
  readonly responderMicros: number
  readonly handshakes: number
  readonly certificatesParsed: number | undefined
}

export interface MeasuringNeeds {
  readonly chains: readonly Chain[]
  readonly responder: Responder
  readonly generator: Generator
  readonly options: TransportOptions
  readonly say: (progress: string) => void
}

/** A runtime compiles what is hot while it runs, in several steps; it is warm when it no longer becomes faster. */
const WARM_UP_MS = 2_000
const WARM_UP_ROUNDS_MAX = 6
const WARM_UP_GAIN = 1.05
const WARM_UP_IN_FLIGHT = 64
const LEAD_MS = 500

export const measureRequests = async (needs: MeasuringNeeds): Promise<readonly Measurement[]> => {
  const { chains, options, say } = needs
  for (const chain of chains) {
    say(`warming up ${chain.name}`)
    await warmUp(needs, chain)
  }
  const measurements: Measurement[] = []
  for (let repetition = 1; repetition <= options.reps; repetition += 1) {
    for (const inFlight of options.conc) {
      for (const chain of chains) {
        const measured = await run(needs, { chain, inFlight, measureMs: options.seconds * 1000 })
        if (!measured) continue
        say(
          `${repetition}/${options.reps}  ${inFlight} in flight  ${chain.name}: ${Math.round(measured.requestsPerSecond)} req/s`,
        )
        measurements.push(measured)
      }
    }
  }
  return measurements
}

const warmUp = async (needs: MeasuringNeeds, chain: Chain): Promise<void> => {
  let best = 0
  for (let round = 0; round < WARM_UP_ROUNDS_MAX; round += 1) {
    const measured = await run(needs, { chain, inFlight: WARM_UP_IN_FLIGHT, measureMs: WARM_UP_MS })
    const rate = measured?.requestsPerSecond ?? 0
    if (rate <= best * WARM_UP_GAIN) return
    best = rate
  }
}

interface Run {
  readonly chain: Chain
  readonly inFlight: number
  readonly measureMs: number
}

/** Undefined when nothing was answered: then there is nothing to measure. */
const run = async (
  { generator, responder, say }: MeasuringNeeds,
  { chain, inFlight, measureMs }: Run,
): Promise<Measurement | undefined> => {
  let before: ReturnType<typeof look> | undefined
  const { port } = chain
  const plan = { port, request: smallRequest(chain), inFlight, leadMs: LEAD_MS, measureMs }
  const done = await generator.load(plan, () => {
    before = look(chain, responder)
  })
  const after = await look(chain, responder)
  const start = await before
  if (!start) throw new Error('the measurement has no beginning')
  if (done.requests === 0) {
    say(`${inFlight} in flight  ${chain.name} answered nothing: ${done.firstFailure ?? 'silence'}`)
    return undefined
  }
  if (done.failures > 0) say(`${chain.name}: ${done.failures} failed, the first with ${done.firstFailure}`)
  const micros = (from: number, to: number): number => ((to - from) * 1e6) / done.requests
  return {
    chain,
    inFlight,
    requests: done.requests,
    failures: done.failures,
    requestsPerSecond: done.requests / done.seconds,
    p50Ms: done.p50Ms,
    p99Ms: done.p99Ms,
    hopMicros: chain.hops.map((_, hop) => micros(start.hops[hop] ?? 0, after.hops[hop] ?? 0)),
    responderMicros: micros(start.responder, after.responder),
    handshakes:
      after.handshakes === undefined ? await start.connections.count() : after.handshakes - (start.handshakes ?? 0),
    certificatesParsed: after.parsed === undefined ? undefined : after.parsed - (start.parsed ?? 0),
  }
}

const look = async (chain: Chain, responder: Responder) => {
  const [hops, atResponder, parsed, handshakes, connections] = await Promise.all([
    Promise.all(chain.hops.map(({ pid }) => cpuSecondsOf(pid))),
    cpuSecondsOf(responder.pid),
    chain.certificatesParsed?.(),
    chain.handshakes?.(),
    countConnections(chain.tlsPort),
  ])
  return { hops, responder: atResponder, parsed, handshakes, connections }
}
