/** OpenAPI 3.1 from declared endpoints; nothing in it is written twice. */
import { z } from 'zod'
import { type Answer, type EndpointShape, isBytesBody, isStreamBody, type Rpc } from './endpoint.ts'

export interface DocumentInfo {
  readonly title: string
  readonly version: string
  readonly description: string
}

/** As much of a document as those need who read one of ours. */
export interface OpenApi {
  readonly openapi: string
  readonly info: DocumentInfo
  /** Path, then method in lower case. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: Json
}

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly schema: unknown
  }[]
  readonly requestBody?: { readonly content: Content }
  /** By status, or `default`. */
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
  readonly security?: readonly unknown[]
  /** Older spellings of the path. */
  readonly 'x-aliases'?: readonly string[]
  readonly 'x-mode'?: string
  readonly 'x-versions'?: unknown
}

/** By content type. */
export type Content = Readonly<Record<string, { readonly schema?: unknown }>>

type Json = Record<string, unknown>
type Declared = EndpointShape & { readonly summary: string }

export const openApi = (info: DocumentInfo, endpoints: Readonly<Record<string, Declared>>): OpenApi => {
  const paths: Record<string, Record<string, Operation>> = {}
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
): OpenApi => {
  const paths: Record<string, Record<string, Operation>> = {}
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

const operation = (name: string, declared: Declared): Operation => ({
  operationId: name,
  summary: declared.summary,
  parameters: [...parameters('path', declared.params), ...parameters('query', declared.query)],
  ...(declared.body && { requestBody: { content: requestContent(declared.body) } }),
  responses: responses(declared),
  ...(declared.access === 'token' && { security: [{ token: [] }] }),
  ...(declared.aliases && { 'x-aliases': declared.aliases.map(({ path }) => path) }),
})

const rpcOperation = (name: string, entry: Rpc): Operation => ({
  operationId: name,
  summary: entry.summary,
  'x-mode': entry.mode,
  ...(entry.versions && { 'x-versions': entry.versions }),
  requestBody: { content: { 'application/json': { schema: schema(entry.input, 'input') } } },
  responses: { 200: { description: 'The answer.', content: rpcContent(entry) }, default: REFUSED },
})

const rpcContent = (entry: Rpc): Content => {
  if (entry.mode === 'stream') return { 'application/octet-stream': {} }
  return { 'application/json': { schema: entry.output ? schema(entry.output, 'output') : { type: 'object' } } }
}

const parameters = (where: 'path' | 'query', declared: z.ZodType | undefined): NonNullable<Operation['parameters']> => {
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

const requestContent = (body: NonNullable<EndpointShape['body']>): Content =>
  isBytesBody(body) || isStreamBody(body)
    ? Object.fromEntries(body.contentTypes.map((type) => [type, {}]))
    : { 'application/json': { schema: schema(body, 'input') } }

interface Response {
  description: string
  content: Record<string, { schema?: { anyOf: unknown[] } }>
}

const responses = ({ answers, access }: EndpointShape): Operation['responses'] => {
  const byStatus: Record<string, Response> = {}
  if (access === 'token') byStatus['401'] = { description: 'No, or no valid, access token.', content: {} }
  for (const [outcome, declared] of Object.entries(answers)) {
    const response = (byStatus[declared.status] ??= { description: '', content: {} })
    const description = describe(outcome, declared)
    response.description = response.description === '' ? description : `${response.description}; ${description}`
    addContent(response, declared)
  }
  return { ...byStatus, default: REFUSED }
}

const describe = (outcome: string, declared: Answer): string =>
  declared.kind === 'failure' ? `${declared.label}: ${declared.description}` : declared.description || outcome

const addContent = ({ content }: Response, declared: Answer): void => {
  if (declared.kind === 'bytes') content[declared.contentType] = {}
  const described =
    declared.kind === 'json'
      ? schema(declared.body, 'output')
      : declared.kind === 'failure'
        ? errorSchema({ code: { const: declared.status }, label: { const: declared.label } })
        : undefined
  if (!described) return
  const { schema: alternatives } = (content['application/json'] ??= { schema: { anyOf: [] } })
  alternatives?.anyOf.push(described)
}

const errorSchema = (exactly: { readonly code?: Json; readonly label?: Json } = {}): Json => ({
  type: 'object',
  required: ['code', 'label', 'message'],
  properties: {
    code: { type: 'integer', ...exactly.code },
    label: { type: 'string', ...exactly.label },
    message: { type: 'string' },
  },
})

/** What an endpoint does not declare: malformed requests, other backends out of reach, faults of ours. */
const REFUSED = {
  description: 'Refused, for a reason that is not particular to this endpoint.',
  content: { 'application/json': { schema: errorSchema() } },
}

const schema = (declared: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _dialect, ...described } = z.toJSONSchema(declared, { io, unrepresentable: 'any' }) as Json
  return described
}
