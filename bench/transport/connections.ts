/**
 * Counts connections to a TLS port by what the kernel knows of TCP (proc_net_tcp(5)). That works for every program,
 * and a port where nothing but TLS is spoken has one handshake per connection: nobody here renegotiates. A connection
 * that ended stays visible for a minute (TIME_WAIT), so a look before and one after miss only what was reset; for
 * programs that end every connection so, and are ours, there is `probe.ts`.
 */
import { readFile } from 'node:fs/promises'

export interface ConnectionCounter {
  /** New ones since counting began; to be asked within a minute. */
  count(): Promise<number>
}

export const countConnections = async (port: number): Promise<ConnectionCounter> => {
  const before = await peersOf(port)
  return { count: async () => [...(await peersOf(port))].filter((peer) => !before.has(peer)).length }
}

const peersOf = async (port: number): Promise<ReadonlySet<string>> =>
  peersIn(await readFile('/proc/net/tcp', 'latin1'), port)

const LISTENS = '0A'

/** The other ends of connections with this port, from whichever of the two ends the kernel still has. */
export const peersIn = (text: string, port: number): ReadonlySet<string> => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const peers = new Set<string>()
  for (const line of text.split('\n').slice(1)) {
    const [, local, remote, state] = line.trim().split(/\s+/)
    if (local === undefined || remote === undefined || state === LISTENS) continue
    if (local.endsWith(suffix)) peers.add(remote)
    else if (remote.endsWith(suffix)) peers.add(local)
  }
  return peers
}
