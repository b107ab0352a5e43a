/** The version prefix of the client API (client-api-versions.md §4): `/v8/self` is `/self` for a client of version 8. */
import { CLIENT_API_VERSIONS } from '#src/contract/client/gateway.ts'

export interface VersionedTarget {
  /** Undefined when the prefix names a version we do not serve. */
  readonly version: number | undefined
  /** Path and query without the prefix. */
  readonly target: string
}

const PREFIXES: ReadonlyMap<string, number> = new Map(CLIENT_API_VERSIONS.map((version) => [`/v${version}`, version]))

/** Those that we do not serve look so, too. */
const ANY_PREFIX = /^\/v(?:0|[1-9][0-9]{0,5})\//

/** Websockets of live notifications are opened without prefix by every client. */
const NEVER_PREFIXED = /^\/(?:await|websocket)(?:\?|$)/

/** Takes off one prefix, once; no prefix means version 0. */
export const readVersion = (target: string): VersionedTarget => {
  const end = target.indexOf('/', 1)
  const prefix = end < 0 ? '' : target.slice(0, end)
  const version = PREFIXES.get(prefix)
  if (version === undefined) return { version: ANY_PREFIX.test(target) ? undefined : 0, target }
  const rest = target.slice(prefix.length)
  return NEVER_PREFIXED.test(rest) ? { version, target } : { version, target: rest }
}
