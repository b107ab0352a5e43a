/** For tests: other backends, as far as galley calls them. */
import type { Domain } from '#src/contract/ids.ts'
import { FederationFailure } from '#src/rpc/federation-failure.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'

export interface PlayedBackends {
  readonly remotes: RemoteBackends
  /** Calls that reached a backend, oldest first. */
  readonly calls: { readonly domain: Domain; readonly rpc: string; readonly input: unknown }[]
  /** Everything it answers, by RPC; what is not there fails as a backend that does not know it would. */
  plays(domain: Domain, backend: PlayedBackend): void
}

export interface PlayedBackend {
  readonly version?: number
  /** Of ours, which other implementations do not have. */
  readonly extensions?: readonly string[]
  /** Answers nothing at all. */
  readonly isDown?: boolean
  /** Undefined for an RPC that this backend fails. */
  readonly rpcs?: Readonly<Record<string, (input: never) => unknown>>
}

/** A backend that nobody plays is down. */
export const playBackends = (): PlayedBackends => {
  const backends = new Map<Domain, PlayedBackend>()
  const calls: PlayedBackends['calls'] = []
  const found = (domain: Domain, rpc: string): PlayedBackend => {
    const backend = backends.get(domain)
    if (backend && !backend.isDown) return backend
    throw new FederationFailure({ domain, rpc }, 521, 'federation-connection-refused', { detail: 'it is down' })
  }
  const remotes: RemoteBackends = {
    versionOf: async (domain) => found(domain, 'api-version').version ?? 2,
    announces: async (domain, extension) => found(domain, 'api-version').extensions?.includes(extension) ?? false,
    call: async (domain, entry, input) => {
      const rpc = entry.name ?? 'unnamed'
      const backend = found(domain, rpc)
      if (rpc === 'api-version') {
        return { supported: [0, 1], supported_versions: [backend.version ?? 2] } as never
      }
      const answer = backend.rpcs?.[rpc]
      if (!answer)
        throw new FederationFailure({ domain, rpc }, 533, 'federation-remote-error', { detail: 'not played' })
      const parsed = entry.input.parse(JSON.parse(JSON.stringify(input)))
      calls.push({ domain, rpc, input: parsed })
      const output: unknown = await answer(parsed as never)
      // As on the wire: decoded by the contract.
      return entry.output?.parse(JSON.parse(JSON.stringify(output))) as never
    },
  }
  return {
    remotes,
    calls,
    plays: (domain, backend) => {
      backends.set(domain, backend)
      calls.length = 0
    },
  }
}
