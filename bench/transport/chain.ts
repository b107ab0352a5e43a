/** A way from one component to another one, as the measurements see it. */
import type { ChainName } from './options.ts'

export interface Hop {
  /** `outward`, `ingress`, `inward`, or several in one process. */
  readonly name: string
  readonly pid: number
}

export interface Chain {
  readonly name: ChainName
  /** Where a component hands over a request: `POST /rpc/{domain}/{component}/{rpc}`, HTTP/1.1 without TLS. */
  readonly port: number
  /** The backend that asks, and the one that is asked. */
  readonly origin: string
  readonly domain: string
  /** Its processes, each with all of its children, without the responder at its end. */
  readonly hops: readonly Hop[]
  /** Nothing but TLS is spoken here: each connection to it costs a handshake. */
  readonly tlsPort: number
  /** TLS handshakes so far, where the process that does them can be asked. */
  readonly handshakes?: () => Promise<number>
  /** Certificates that its processes have parsed so far; undefined where nobody can tell. */
  readonly certificatesParsed?: () => Promise<number>
}
