/** OpenAPI 3.1 from declared endpoints; nothing in it is written twice. */
import { z } from 'zod'
import { type Answer, type EndpointShape, isBytesBody, type Rpc } from './endpoint.ts'

export interface DocumentInfo {
  readonly title: string
  readonly version: string
  readonly description: string
}

type Json = Record<string, unknown>
type Declared = EndpointShape & { readonly summary: string }

export const openApi = (info: DocumentInfo, endpoints: Readonly<Record<string, Declared>>): Json => {
  const paths: Record<string, Json> = {}
  for (const [name, declared] of sorted(endpoints)) {
    const operations = (paths[declared.path] ??= {})
    operations[declared.method.toLowerCase()] = operation(name, declared)
  }
  return {
    openapi: '3.1.0',
    info,
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  }
}

/** The RPCs of one component, as its federator-facing paths. */
export const federationOpenApi = (
  info: DocumentInfo,
  components: Readonly<Record<string, Readonly<Record<string, Rpc>>>>,
): Json => {
  const paths: Record<string, Json> = {}
  for (const [component, contract] of sorted(components)) {
    for (const [key, entry] of sorted(contract)) {
      // Two forms of one RPC share a path, which OpenAPI cannot say: the older gets a fragment.
      const path = `/federation/${component}/${entry.name ?? key}${entry.name === undefined || entry.name === key ? '' : `#${key}`}`
      paths[path] = { post: rpcOperation(`${component}.${key}`, entry) }
    }
  }
  return { openapi: '3.1.0', info, paths }
}

const sorted = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))

const operation = (name: string, declared: Declared): Json => ({
  operationId: name,
  summary: declared.summary,
  parameters: [...parameters('path', declared.params), ...parameters('query', declared.query)],
  ...(declared.body && { requestBody: { content: requestContent(declared.body) } }),
  responses: responses(declared.answers),
  ...(declared.access === 'token' && { security: [{ token: [] }] }),
  ...(declared.aliases && { 'x-aliases': declared.aliases.map(({ path }) => path) }),
})

const rpcOperation = (name: string, entry: Rpc): Json => ({
  operationId: name,
  summary: entry.summary,
  'x-mode': entry.mode,
  ...(entry.versions && { 'x-versions': entry.versions }),
  requestBody: { content: { 'application/json': { schema: schema(entry.input, 'input') } } },
  responses: { 200: { description: 'The answer.', content: rpcContent(entry) } },
})

const rpcContent = (entry: Rpc): Json => {
  if (entry.mode === 'stream') return { 'application/octet-stream': {} }
  return { 'application/json': { schema: entry.output ? schema(entry.output, 'output') : { type: 'object' } } }
}

const parameters = (where: 'path' | 'query', declared: z.ZodType | undefined): Json[] => {
  if (!declared) return []
  const { properties = {}, required = [] } = schema(declared, 'input') as {
    properties?: Record<string, unknown>
    required?: readonly string[]
  }
  return Object.entries(properties).map(([name, described]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: described,
  }))
}

const requestContent = (body: NonNullable<EndpointShape['body']>): Json =>
  isBytesBody(body)
    ? Object.fromEntries(body.contentTypes.map((type) => [type, {}]))
    : { 'application/json': { schema: schema(body, 'input') } }

const responses = (answers: EndpointShape['answers']): Json => {
  const byStatus: Record<string, Json> = {}
  for (const [outcome, declared] of Object.entries(answers)) {
    const response = (byStatus[declared.status] ??= { description: '', content: {} })
    const description = describe(outcome, declared)
    response['description'] =
      response['description'] === '' ? description : `${String(response['description'])}; ${description}`
    addContent(response, declared)
  }
  return byStatus
}

const describe = (outcome: string, declared: Answer): string =>
  declared.kind === 'failure' ? `${declared.label}: ${declared.description}` : declared.description || outcome

const addContent = (response: Json, declared: Answer): void => {
  const content = response['content'] as Json
  if (declared.kind === 'bytes') content[declared.contentType] = {}
  const described =
    declared.kind === 'json' ? schema(declared.body, 'output') : declared.kind === 'failure' ? ERROR_SCHEMA : undefined
  if (!described) return
  const json = (content['application/json'] ??= { schema: { anyOf: [] } }) as { schema: { anyOf: unknown[] } }
  if (!json.schema.anyOf.includes(described)) json.schema.anyOf.push(described)
}

const ERROR_SCHEMA = {
  type: 'object',
  required: ['code', 'label', 'message'],
  properties: { code: { type: 'integer' }, label: { type: 'string' }, message: { type: 'string' } },
} as const

const schema = (declared: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _dialect, ...described } = z.toJSONSchema(declared, { io, unrepresentable: 'any' }) as Json
  return described
}
