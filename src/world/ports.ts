/**
 * Ports of a world: chosen once, all from one block, and kept, so that a backend that is stopped and started again
 * is found where it was. While a world runs it holds the block's first port (its DNS server), so another world
 * that is looking for a block does not take ports of backends that are stopped just now.
 */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { PORTS_END, PORTS_FIRST, PORTS_PER_WORLD } from './limits.ts'

export const LISTENERS = [
  'gateway',
  'brig',
  'galley',
  'cargohold',
  'gundeck',
  'courier',
  'federatorOutward',
  'federatorInward',
  'ingress',
] as const
export type Listener = (typeof LISTENERS)[number]

export type BackendPorts = Readonly<Record<Listener, number>>

export interface Ports {
  readonly dns: number
  readonly backends: Readonly<Record<string, BackendPorts>>
}

export const LOOPBACK = '127.0.0.1'

/** Known ports stay; new domains get the next ones of the block. */
export async function choosePorts(domains: readonly string[], known?: Ports): Promise<Ports> {
  if (known) return allot(domains, known.dns, known.backends)
  const blocks = (PORTS_END - PORTS_FIRST) / PORTS_PER_WORLD
  const first = randomInt(blocks)
  for (let attempt = 0; attempt < blocks; attempt += 1) {
    const base = PORTS_FIRST + ((first + attempt) % blocks) * PORTS_PER_WORLD
    const ports = allot(domains, base, {})
    if ((await portsInUse(ports)).length === 0) return ports
  }
  throw new Error(`no block of ${PORTS_PER_WORLD} free ports between ${PORTS_FIRST} and ${PORTS_END}`)
}

/** Which of them something else is listening on, in words for people. */
export async function portsInUse(ports: Ports): Promise<string[]> {
  const wanted = [
    { port: ports.dns, what: 'DNS' },
    ...Object.entries(ports.backends).flatMap(([domain, of]) =>
      LISTENERS.map((listener) => ({ port: of[listener], what: `${listener} of ${domain}` })),
    ),
  ]
  const isFree = await Promise.all(
    wanted.map(async ({ port }) => (await canListen(port)) && (port !== ports.dns || (await canBindUdp(port)))),
  )
  return wanted.flatMap(({ port, what }, index) => (isFree[index] === true ? [] : [`${port} (${what})`]))
}

function allot(domains: readonly string[], base: number, known: Ports['backends']): Ports {
  const backends: Record<string, BackendPorts> = { ...known }
  for (const domain of domains) {
    const next = base + 1 + Object.keys(backends).length * LISTENERS.length
    backends[domain] ??= portsFrom(next)
  }
  return { dns: base, backends }
}

function portsFrom(first: number): BackendPorts {
  const [gateway, brig, galley, cargohold, gundeck, courier, federatorOutward, federatorInward, ingress] =
    LISTENERS.map((_, index) => first + index) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ]
  return { gateway, brig, galley, cargohold, gundeck, courier, federatorOutward, federatorInward, ingress }
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, LOOPBACK)
  const isFree = await succeeds(once(server, 'listening'))
  if (isFree) await once(server.close(), 'close')
  return isFree
}

async function canBindUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  socket.bind(port, LOOPBACK)
  const isFree = await succeeds(once(socket, 'listening'))
  if (isFree) await once(socket.close(), 'close')
  return isFree
}

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
