/**
 * Connecting to the first of several addresses that answers, each a moment after the one before (RFC 8305 §5), so
 * that a broken address family costs a quarter of a second and not a time-out. It connects to addresses and never
 * resolves a name: what was looked at before is what is connected to.
 */
import { connect as connectNow, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { Clock } from '#src/kit/clock.ts'
import { CONNECT_STAGGER_MS } from '../limits.ts'

export interface DialOptions {
  /** Default: the platform's. */
  readonly connect?: (options: TcpNetConnectOpts) => Socket
  /** Why an address must not be connected to; undefined when it may. */
  readonly refusalOf: (address: string) => string | undefined
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** The host is there, and we do not want to go there. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress'
}

const KEEP_ALIVE_MS = 30_000

export const dial = (addresses: readonly string[], port: number, options: DialOptions): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const { clock, signal, refusalOf, connect = connectNow } = options
    const open = new Set<Socket>()
    const failures: Error[] = []
    const left = addresses.filter((address) => refusalOf(address) === undefined)
    let stagger: Disposable | undefined

    const settle = (winner: Socket | undefined, failure?: unknown): void => {
      stagger?.[Symbol.dispose]()
      signal.removeEventListener('abort', abort)
      left.length = 0
      for (const socket of open) if (socket !== winner) socket.destroy()
      open.clear()
      if (winner) resolve(winner)
      else reject(failure)
    }
    const abort = (): void => settle(undefined, signal.reason)

    const tryNext = (): void => {
      stagger?.[Symbol.dispose]()
      const host = left.shift()
      if (host === undefined) {
        if (open.size === 0) settle(undefined, new AggregateError(failures, `no address answers on port ${port}`))
        return
      }
      const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
      open.add(socket)
      socket.once('connect', () => settle(socket))
      socket.on('error', (error) => {
        // Only while we are choosing; afterwards the connection's owner listens.
        if (!open.delete(socket)) return
        failures.push(error)
        tryNext()
      })
      if (left.length > 0) stagger = clock.after(CONNECT_STAGGER_MS, tryNext)
    }

    if (signal.aborted) return reject(signal.reason)
    const [forbidden] = addresses
    if (forbidden !== undefined && left.length === 0) return reject(new ForbiddenAddress(refusalOf(forbidden)))
    signal.addEventListener('abort', abort, { once: true })
    tryNext()
  })
