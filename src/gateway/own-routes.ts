/** What the gateway answers without asking anybody. */
import { CLIENT_API_VERSIONS, gatewayClient } from '#src/contract/client/gateway.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { Route } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { clientRoutes } from '#src/rpc/context.ts'

interface OwnFacts {
  readonly domain: Domain
  readonly federates: boolean
}

export const ownRoutes = ({ domain, federates }: OwnFacts, log: Log): Route[] => {
  const versions = {
    supported: [...CLIENT_API_VERSIONS],
    development: [],
    federation: federates,
    domain,
  }
  return clientRoutes(
    gatewayClient,
    {
      'get-api-version': async () => ({ outcome: 'versions', body: versions }),
      'await-notifications': async () => ({ outcome: 'not-a-websocket', headers: { upgrade: 'websocket' } }),
    },
    { log },
  )
}
