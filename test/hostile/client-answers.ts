/** What must hold for every answer to a client, whatever was asked (client-api-versions.md §5.2, §5.3). */
import type { EndpointShape } from '#src/kit/endpoint.ts'

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

export interface Expected {
  readonly status: number
  readonly label?: string
}

/** What is wrong with an answer, in words; nothing if all is well. */
export const problemsOf = (answered: Answered, declared: EndpointShape | undefined, isHead: boolean): string[] => [
  ...(answered.status >= 500 ? [`answered with ${answered.status}`] : []),
  ...(answered.status === 401 && declared?.access === 'public' ? ['401 to a stranger who needs no token'] : []),
  ...(answered.headers['request-id'] === 'spoofed' ? ['the request has the id that the client chose'] : []),
  ...(answered.status >= 400 ? LEAKS.filter((leak) => leak.test(answered.text)) : []).map(
    (leak) => `leaks ${leak.source}`,
  ),
  ...(answered.status >= 400 && !isHead ? problemsOfForm(answered, declared) : []),
]

/** Stack frames, paths, SQL, names of what we are made of, and what JavaScript says about broken JSON. */
const LEAKS: readonly RegExp[] = [
  /\bat .{0,200}:\d+:\d+/,
  /\.[cm]?[jt]s\b/,
  /node_modules|file:\/\//,
  /\/(?:src|tmp|home|usr|var)\//,
  /\b(?:select|insert|update|delete)\b.{0,200}\b(?:from|into|set|where)\b/i,
  /\b(?:relation|constraint|syntax error|sqlstate|pglite|postgres|kysely|fastify|undici|zod)\b/i,
  /unexpected token|in JSON at|\[object /i,
]

const problemsOfForm = ({ status, headers, text }: Answered, declared: EndpointShape | undefined): string[] => {
  // The gateway says no more than this to those it does not know (client-auth.md §7).
  if (text === '' && status === 401) return []
  const isOtherForm = Object.values(declared?.answers ?? {}).some(
    (answer) => answer.status === status && (answer.kind === 'empty' ? text === '' : answer.kind === 'json'),
  )
  if (isOtherForm) return []
  const object = errorObjectOf(text)
  if (!object) return [`${status} without an error object: ${text.slice(0, 100)}`]
  return [
    ...(object.code === status ? [] : [`code ${JSON.stringify(object.code)} in an answer with status ${status}`]),
    ...(isFilled(object.label) && isFilled(object.message) ? [] : ['label or message is empty']),
    ...(String(headers['content-type']).startsWith('application/json') ? [] : ['an error object of another type']),
  ]
}

const isFilled = (value: unknown): boolean => typeof value === 'string' && value !== ''

interface ErrorObject {
  readonly code: unknown
  readonly label: unknown
  readonly message: unknown
}

export const errorObjectOf = (text: string): ErrorObject | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    const isOne =
      typeof value === 'object' && value !== null && 'code' in value && 'label' in value && 'message' in value
    return isOne ? value : undefined
  } catch {
    // Not JSON, then it is none.
    return undefined
  }
}

export const unlike = (answered: Answered, expected: Expected, isHead: boolean): string[] => {
  const label = errorObjectOf(answered.text)?.label
  const isLike =
    answered.status === expected.status && (isHead || expected.label === undefined || label === expected.label)
  return isLike
    ? []
    : [`${answered.status} ${JSON.stringify(label)} instead of ${expected.status} ${expected.label ?? ''}`]
}
