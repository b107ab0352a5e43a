/**
 * The OpenAPI documents of both interfaces, derived from the contract. Committed too (`openapi/`), so that their diff is
 * reviewed; served from here and not from those files, because what runs is what should be described.
 */
import { brigClient } from '#src/contract/client/brig.ts'
import { cargoholdClient } from '#src/contract/client/cargohold.ts'
import { galleyClient } from '#src/contract/client/galley.ts'
import { gatewayClient } from '#src/contract/client/gateway.ts'
import { gundeckClient } from '#src/contract/client/gundeck.ts'
import { brigFederation } from '#src/contract/federation/brig.ts'
import { cargoholdFederation } from '#src/contract/federation/cargohold.ts'
import { galleyFederation } from '#src/contract/federation/galley.ts'
import { federationOpenApi, openApi, type OpenApi } from '#src/kit/openapi.ts'

export const clientDocument = (): OpenApi =>
  openApi(
    {
      title: 'Comity client API',
      version: '8',
      description: 'What apps call. Paths take a version prefix (/v8); without one the version is 0.',
    },
    { ...brigClient, ...galleyClient, ...gundeckClient, ...cargoholdClient, ...gatewayClient },
  )

export const federationDocument = (): OpenApi =>
  federationOpenApi(
    {
      title: 'Comity federation API',
      version: '3',
      description: 'What backends call on each other over mutual TLS. The version is in X-Wire-API-Version.',
    },
    { brig: brigFederation, galley: galleyFederation, cargohold: cargoholdFederation },
  )

/** File name → text, as committed below `openapi/` and `docs/`. */
export const renderDocument = (document: OpenApi): string => `${JSON.stringify(document, undefined, 2)}\n`
