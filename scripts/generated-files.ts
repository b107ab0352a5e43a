/** Which committed files are generated, and from what. A test fails when one of them is stale. */
import { clientDocument, federationDocument, renderDocument } from '#src/gateway/api-documents.ts'
import { configReference } from '#src/cli/config-reference.ts'

const inRepository = (file: string): string => new URL(`../${file}`, import.meta.url).href

export const generatedFiles = (): Record<string, string> => ({
  [inRepository('openapi/client.json')]: renderDocument(clientDocument()),
  [inRepository('openapi/federation.json')]: renderDocument(federationDocument()),
  [inRepository('docs/configuration.md')]: configReference(),
})
