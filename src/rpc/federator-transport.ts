/** How a part reaches other backends: through its own federator and nothing else. */
import type { Domain } from '#src/contract/ids.ts'
import type { WireResponse } from '#src/kit/http/wire.ts'

export type Component = 'brig' | 'galley' | 'cargohold'

export const COMPONENTS: readonly Component[] = ['brig', 'galley', 'cargohold']

export interface FederatorRequest {
  readonly domain: Domain
  readonly component: Component
  readonly rpc: string
  /** Names in lower case; `wire-origin-domain` is the caller's to send (federation-transport.md §4). */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly signal?: AbortSignal
}

export type FederatorResponse = WireResponse

export interface FederatorTransport {
  /** Failures are answers (§11.3); throws `PartUnreachable` only when our own federator cannot be reached. */
  send(request: FederatorRequest): Promise<FederatorResponse>
}
