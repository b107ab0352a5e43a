/** Our own federator when it runs in another process: `POST /rpc/{domain}/{component}/{rpc}` (§4). */
import { connectionPool } from '#src/kit/http/connection-pool.ts'
import { PartUnreachable } from '#src/kit/http/wire.ts'
import { withTraceparent } from '#src/kit/tracing.ts'
import type { FederatorTransport } from './federator-transport.ts'

const CONNECTIONS_MAX = 64
const KEEP_ALIVE_MS = 60_000
/** federation-transport.md §13: connecting to our own federator may take 30 s in the original; ours is next door. */
const CONNECT_TIMEOUT_MS = 5_000

export const federatorOverHttp = (baseUrl: string): FederatorTransport & AsyncDisposable => {
  const pool = connectionPool(baseUrl, {
    connectionsMax: CONNECTIONS_MAX,
    keepAliveMs: KEEP_ALIVE_MS,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    // Callers set the deadline of the whole call.
    headersTimeoutMs: Number.POSITIVE_INFINITY,
    bodyTimeoutMs: Number.POSITIVE_INFINITY,
  })
  return {
    send: async ({ domain, component, rpc, headers, body, signal }) => {
      try {
        return await pool.request({
          method: 'POST',
          path: `/rpc/${domain}/${component}/${rpc}`,
          headers: withTraceparent(headers),
          body,
          signal,
        })
      } catch (cause) {
        throw new PartUnreachable(`calling our federator at ${baseUrl}`, cause)
      }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}
