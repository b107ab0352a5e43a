/**
 * What one peer in trouble costs those who talk to others (issue 3, Shows 4): calls to a healthy backend, without and
 * with calls to peers that hang, send a byte a second, reset, and have a thousand SRV records. Our two backends run in
 * processes of their own; the peers in trouble are played by this one.
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createSecureServer, type ServerHttp2Stream } from 'node:http2'
import { Agent, request } from 'node:http'
import { systemClock } from '#src/kit/clock.ts'
import { type Figure, median } from '../figures.ts'
import { sitesOf, startComityChain } from '../transport/comity-chain.ts'
import type { Chain } from '../transport/chain.ts'
import { type Ground, startGround } from '../transport/ground.ts'
import { headersFor, smallRequest, startGenerator } from '../transport/load.ts'
import { parseOptions } from '../transport/options.ts'
import { RESPONDER_SITE, RPC, startResponder } from '../transport/responder.ts'

const IN_FLIGHT = 16
const LEAD_MS = 2_000
/** Callers of each peer in trouble; those that are answered come again after a rest, as people and couriers do. */
const CALLERS = 20
const REST_MS = 1_000
const TARGETS = 1_000
const RATIO_MAX = 1.5

type Serve = (stream: ServerHttp2Stream) => void

const IN_TROUBLE: Readonly<Record<string, Serve>> = {
  'hanging.test': () => {},
  'dripping.test': (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' })
    const drip = (): void => {
      if (stream.destroyed) return
      stream.write(' ')
      systemClock.after(1_000, drip)
    }
    drip()
  },
  'resetting.test': (stream) => stream.close(2),
}

export const measureIsolation = async (say: (progress: string) => void, given: object) => {
  const options = parseOptions({ ...given, bulk: 0 })
  const stopping = new AbortController()
  const sites = [RESPONDER_SITE, ...Object.values(sitesOf('comity'))]
  await using ground = await startGround({ options, sites, onDeath: (reason) => stopping.abort(reason) })
  const chain = await startComityChain(ground, await startResponder(ground), 'comity')
  await using _peers = await playPeers(ground)
  await using generator = startGenerator(stopping.signal)
  const measure = async (what: string): Promise<{ p50Ms: number; p99Ms: number; failures: number }> => {
    const measureMs = options.seconds * 1000
    const plan = { port: chain.port, request: smallRequest(chain), inFlight: IN_FLIGHT, leadMs: LEAD_MS, measureMs }
    const done = await generator.load(plan, () => {})
    say(`${what}: p50 ${done.p50Ms.toFixed(1)} ms, p99 ${done.p99Ms.toFixed(1)} ms, ${done.failures} failed`)
    return done
  }
  await measure('warming up')
  const [quiet, troubled] = [[] as Measured[], [] as Measured[]]
  for (let repetition = 0; repetition < options.reps; repetition += 1) {
    quiet.push(await measure('quiet'))
    const over = callInTrouble(chain)
    troubled.push(await measure('with peers in trouble'))
    await over()
  }
  return { figures: figuresOf(quiet, troubled) }
}

interface Measured {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly failures: number
}

const figuresOf = (quiet: readonly Measured[], troubled: readonly Measured[]): readonly Figure[] => {
  const of = (runs: readonly Measured[], value: (run: Measured) => number): number => median(runs.map(value))
  const [quietP99, troubledP99] = [quiet, troubled].map((runs) => of(runs, ({ p99Ms }) => p99Ms)) as [number, number]
  return [
    { name: 'p50, quiet', value: of(quiet, ({ p50Ms }) => p50Ms), unit: 'ms' },
    { name: 'p50, with peers in trouble', value: of(troubled, ({ p50Ms }) => p50Ms), unit: 'ms' },
    { name: 'p99, quiet', value: quietP99, unit: 'ms' },
    { name: 'p99, with peers in trouble', value: troubledP99, unit: 'ms' },
    { name: 'p99, troubled to quiet', value: troubledP99 / quietP99, unit: '×', below: RATIO_MAX },
    { name: 'failed', value: troubled.reduce((sum, { failures }) => sum + failures, 0), unit: '1', below: 1 },
  ]
}

const playPeers = async (ground: Ground): Promise<AsyncDisposable> => {
  await using stack = new AsyncDisposableStack()
  for (const [domain, serve] of Object.entries(IN_TROUBLE)) {
    const port = stack.use(await playPeer(ground, domain, serve)).port
    ground.announce(domain, [hostOf(domain)], port)
  }
  const hosts = Array.from({ length: TARGETS }, (_, index) => `t${index}.c.test`)
  ground.announce('c.test', hosts, 1)
  return stack.move()
}

const hostOf = (domain: string): string => `federator.${domain}`

const playPeer = async (ground: Ground, domain: string, serve: Serve) => {
  const { certificateFile, keyFile } = await ground.certify(await ground.directoryOf(domain), hostOf(domain))
  const server = createSecureServer({ cert: await readFile(certificateFile), key: await readFile(keyFile) })
  const sessions = new Set<Disposable>()
  server.on('session', (session) => {
    session.on('error', () => {})
    sessions.add({ [Symbol.dispose]: () => session.destroy() })
  })
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    serve(stream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a peer has no port')
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session[Symbol.dispose]()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Until told to stop, callers call every peer in trouble. */
const callInTrouble = (chain: Chain): (() => Promise<void>) => {
  const over = new AbortController()
  const agent = new Agent({ keepAlive: true })
  const domains = [...Object.keys(IN_TROUBLE), 'c.test']
  const call = (domain: string): Promise<void> =>
    new Promise((resolve) => {
      const path = `/rpc/${domain}/${RPC.small}`
      const headers = headersFor(chain)
      const sent = request({
        host: '127.0.0.1',
        port: chain.port,
        path,
        method: 'POST',
        headers,
        agent,
        signal: over.signal,
      })
      sent.on('response', (response) =>
        response
          .resume()
          .on('error', () => {})
          .once('close', resolve),
      )
      // What becomes of it is not what is measured.
      sent.on('error', () => resolve())
      sent.end('[]')
    })
  const keepCalling = async (domain: string): Promise<void> => {
    while (!over.signal.aborted) {
      await call(domain)
      await systemClock.sleep(REST_MS, over.signal).catch(() => undefined)
    }
  }
  const calling = domains.flatMap((domain) => Array.from({ length: CALLERS }, () => keepCalling(domain)))
  return async () => {
    over.abort()
    await Promise.all(calling)
    agent.destroy()
  }
}
