/**
 * The documents that answers are held against: our own, and the one that the original's project publishes for the same
 * version, which lies beside this repository where it is developed and is not part of it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { clientDocument } from '#src/gateway/api-documents.ts'
import type { OpenApi, Operation } from '#src/kit/openapi.ts'
import { type PathPattern, pathPattern } from './paths.ts'

/** Of version 8, which the app of the stories speaks. */
const REFERENCE = new URL('../../../shared/wire-data/openapi/swagger-v8.json', import.meta.url)

export interface Documented {
  /** Short, for people who read differences. */
  readonly name: string
  /** `undefined` where the document knows nothing of such a request. */
  find(method: string, path: string): DocumentedOperation | undefined
}

export interface DocumentedOperation {
  /** `POST /list-users`, as the document spells it. */
  readonly name: string
  /** `undefined` where it says nothing about such a status. */
  response(status: number): DocumentedResponse | undefined
}

/** What a body of that status must be; alternatives, when there are several. */
export type DocumentedResponse =
  | { readonly is: 'json'; readonly alternatives: readonly ValidateFunction[] }
  | { readonly is: 'empty' }
  /** Bytes, or something nobody has described. */
  | { readonly is: 'anything' }

export const ownDocument = (): Documented =>
  documented('ours', clientDocument(), new Ajv2020({ strict: false, validateFormats: false, allErrors: true }))

/** `undefined` where it is not there. */
export const referenceDocument = (): Documented | undefined =>
  existsSync(REFERENCE)
    ? documented(
        'reference',
        withNulls(withOneEvent(JSON.parse(readFileSync(REFERENCE, 'utf8')))) as OpenApi,
        new Ajv({ strict: false, validateFormats: false, allErrors: true }),
      )
    : undefined

/**
 * The reference has one form for all events, which asks of each for everything that any of them carries. Of what an event
 * carries only our own document says what belongs to it.
 */
const withOneEvent = (document: { components: { schemas: { Event: { properties: object } } } }): unknown => {
  const { Event } = document.components.schemas
  Event.properties = { ...Event.properties, data: {} }
  return document
}

/**
 * The reference says of a field only that it may be missing, also where the server it describes writes `null` (compare
 * `name` of a conversation). Which of the two it is stands in our own document, which is exact about it.
 */
const withNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withNulls)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, withNulls(inner)] as const)
  const copy: Record<string, unknown> = Object.fromEntries(entries)
  const { type, properties, required = [] } = copy
  if (type !== 'object' || typeof properties !== 'object' || properties === null || !Array.isArray(required))
    return copy
  const optional = Object.entries(properties).map(([name, schema]) =>
    required.includes(name) ? [name, schema] : [name, { anyOf: [schema, { type: 'null' }] }],
  )
  return { ...copy, properties: Object.fromEntries(optional) }
}

const documented = (name: string, document: OpenApi, ajv: Ajv | Ajv2020): Documented => {
  ajv.addSchema(document, name)
  const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).flatMap(([method, operation]) =>
      [path, ...(operation['x-aliases'] ?? [])].map((spelling) => ({
        method,
        pattern: pathPattern(spelling),
        found: operationOf({ ajv, document: name, path, method, operation }),
      })),
    ),
  )
  return {
    name,
    find: (method, path) => {
      const wanted = method.toLowerCase()
      const fitting = operations.filter((each) => each.method === wanted && each.pattern.fits(path))
      return fitting.toSorted((a, b) => byLiterals(a.pattern, b.pattern))[0]?.found
    },
  }
}

/** `/conversations/list` before `/conversations/{id}`. */
const byLiterals = (one: PathPattern, other: PathPattern): number => other.literals - one.literals

interface Place {
  readonly ajv: Ajv | Ajv2020
  readonly document: string
  readonly path: string
  readonly method: string
  readonly operation: Operation
}

const operationOf = (place: Place): DocumentedOperation => {
  const known = new Map<string, DocumentedResponse>()
  return {
    name: `${place.method.toUpperCase()} ${place.path}`,
    response: (status) => {
      const { responses } = place.operation
      const key = String(status) in responses ? String(status) : 'default'
      if (!(key in responses)) return undefined
      const response = known.get(key) ?? responseOf(place, key)
      known.set(key, response)
      return response
    },
  }
}

const responseOf = ({ ajv, document, path, method, operation }: Place, key: string): DocumentedResponse => {
  const { content = {} } = operation.responses[key] ?? {}
  const types = Object.keys(content)
  if (types.length === 0) return { is: 'empty' }
  const type = types.find((each) => each.startsWith('application/json'))
  const schema = type === undefined ? undefined : (content[type]?.schema as { anyOf?: unknown[] } | undefined)
  if (type === undefined || schema === undefined || types.some((each) => !each.startsWith('application/json'))) {
    return { is: 'anything' }
  }
  const pointer = ['paths', path, method, 'responses', key, 'content', type, 'schema']
  const places = schema.anyOf ? schema.anyOf.map((_, index) => [...pointer, 'anyOf', String(index)]) : [pointer]
  return { is: 'json', alternatives: places.map((each) => ajv.compile({ $ref: `${document}#${jsonPointer(each)}` })) }
}

/** RFC 6901 §6: as a fragment of an address. */
const jsonPointer = (segments: readonly string[]): string =>
  segments.map((segment) => `/${encodeURIComponent(segment.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')
