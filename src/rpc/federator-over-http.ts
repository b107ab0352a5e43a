/** Our own federator when it runs in another process: `POST /rpc/{domain}/{component}/{rpc}` (§4). */
import { Pool } from 'undici'
import { PartUnreachable } from '#src/kit/http/wire.ts'
import { withTraceparent } from '#src/kit/tracing.ts'
import type { FederatorTransport } from './federator-transport.ts'

const CONNECTIONS_MAX = 64
const KEEP_ALIVE_MS = 60_000
/** federation-transport.md §13: connecting to our own federator may take 30 s in the original; ours is next door. */
const CONNECT_TIMEOUT_MS = 5_000

export const federatorOverHttp = (baseUrl: string): FederatorTransport & AsyncDisposable => {
  const pool = new Pool(baseUrl, {
    connections: CONNECTIONS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    // Callers set the deadline of the whole call.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return {
    send: async ({ domain, component, rpc, headers, body, signal }) => {
      try {
        const response = await pool.request({
          method: 'POST',
          path: `/rpc/${domain}/${component}/${rpc}`,
          headers: withTraceparent(headers),
          body,
          ...(signal && { signal }),
        })
        const received: Record<string, string | string[]> = {}
        for (const [name, value] of Object.entries(response.headers)) {
          if (value !== undefined) received[name] = value
        }
        return { status: response.statusCode, headers: received, body: response.body }
      } catch (cause) {
        throw new PartUnreachable(`calling our federator at ${baseUrl}`, cause)
      }
    },
    [Symbol.asyncDispose]: async () => {
      await pool.close()
    },
  }
}
