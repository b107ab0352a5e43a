/** The OpenAPI documents of both interfaces, derived from the contract. Committed, so that their diff is reviewed. */
import { brigClient } from '#src/contract/client/brig.ts'
import { galleyClient } from '#src/contract/client/galley.ts'
import { gundeckClient } from '#src/contract/client/gundeck.ts'
import { brigFederation } from '#src/contract/federation/brig.ts'
import { galleyFederation } from '#src/contract/federation/galley.ts'
import { federationOpenApi, openApi } from '#src/kit/openapi.ts'

export const clientDocument = (): unknown =>
  openApi(
    {
      title: 'Comity client API',
      version: '8',
      description: 'What apps call. Paths take a version prefix (/v8); without one the version is 0.',
    },
    { ...brigClient, ...galleyClient, ...gundeckClient },
  )

export const federationDocument = (): unknown =>
  federationOpenApi(
    {
      title: 'Comity federation API',
      version: '3',
      description: 'What backends call on each other over mutual TLS. The version is in X-Wire-API-Version.',
    },
    { brig: brigFederation, galley: galleyFederation },
  )

/** File name → text, as committed below `openapi/` and `docs/`. */
export const renderDocument = (document: unknown): string => `${JSON.stringify(document, undefined, 2)}\n`
