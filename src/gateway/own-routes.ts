/** What the gateway answers without asking anybody. */
import { CLIENT_API_VERSIONS, FIRST_VERSION_WITH_EVENTS, gatewayClient } from '#src/contract/client/gateway.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { Route } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { clientRoutes } from '#src/rpc/context.ts'
import { clientDocument, federationDocument, renderDocument } from './api-documents.ts'
import { apiPage, PAGE_POLICY } from './api-page.ts'

interface OwnFacts {
  readonly domain: Domain
  readonly federates: boolean
}

const NOT_A_WEBSOCKET = { outcome: 'not-a-websocket', headers: { upgrade: 'websocket' } } as const

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
      ...apiDocs(),
      'await-notifications': async () => NOT_A_WEBSOCKET,
      'stream-events': async (_, { apiVersion }) =>
        apiVersion < FIRST_VERSION_WITH_EVENTS ? { outcome: 'too-old' } : NOT_A_WEBSOCKET,
    },
    { log },
  )
}

/** Made when somebody asks for the first time: most processes are never asked. */
const apiDocs = () => {
  const client = once(clientDocument)
  const federation = once(federationDocument)
  const clientText = once(() => Buffer.from(renderDocument(client())))
  const federationText = once(() => Buffer.from(renderDocument(federation())))
  const page = once(() =>
    Buffer.from(
      apiPage([
        { document: client(), address: '/api/docs/client.json' },
        { document: federation(), address: '/api/docs/federation.json' },
      ]),
    ),
  )
  const headers = { 'content-security-policy': PAGE_POLICY, 'x-content-type-options': 'nosniff' }
  return {
    'get-api-docs': async () => ({ outcome: 'page' as const, body: page(), headers }),
    'get-client-document': async () => ({ outcome: 'document' as const, body: clientText() }),
    'get-federation-document': async () => ({ outcome: 'document' as const, body: federationText() }),
  }
}

const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined
  return () => (made ??= make())
}
