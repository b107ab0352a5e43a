/** Where an answer is not what a document says, in words that stay the same for all answers that differ in that way. */
import type { ErrorObject, ValidateFunction } from 'ajv'
import type { AppExchange } from '#src/world/app-http.ts'
import type { Documented, DocumentedResponse } from './documents.ts'

/** Each as `ours: GET /self 200: /name must be string`. */
export const differencesFrom = (document: Documented, { request, answer }: AppExchange): string[] => {
  const path = request.path.split('?', 1)[0] ?? ''
  const operation = document.find(request.method, path)
  if (!operation) {
    // The reference may lack what it knows nothing of, and we what we do not serve.
    const isDocumented = document.name !== 'ours' || answer.status === 404
    return isDocumented ? [] : [`ours: ${request.method} ${general(path)} is not documented`]
  }
  const response = operation.response(answer.status)
  // The reference lists the failures that it thinks worth telling, not all.
  if (!response && answer.status >= 400) return []
  // RFC 9110 §9.3.2: the body of an answer to HEAD is described and never sent.
  const body = request.method === 'HEAD' ? NEVER_SENT : answer.body
  const problems = response ? problemsOf(response, body) : ['this status is not documented']
  return problems.map((problem) => `${document.name}: ${operation.name} ${answer.status}: ${problem}`)
}

const NEVER_SENT = Symbol('never sent')

const problemsOf = (response: DocumentedResponse, body: unknown): string[] => {
  if (body === NEVER_SENT) return []
  switch (response.is) {
    case 'anything':
      return []
    case 'empty':
      return body === undefined ? [] : ['there is a body']
    case 'json':
      return closest(response.alternatives, body)
    default:
      return response satisfies never
  }
}

/** Nothing if one of the alternatives fits; otherwise what is wrong by the one that fits best. */
const closest = (alternatives: readonly ValidateFunction[], body: unknown): string[] => {
  const all = alternatives.map((validate) => (validate(body) ? [] : (validate.errors ?? [])))
  const [best = []] = all.toSorted((one, other) => distance(one) - distance(other))
  return [...new Set(best.map(wordsOf))]
}

/** Whoever is of another type altogether has one error only, and is farthest away. */
const distance = (errors: readonly ErrorObject[]): number =>
  errors.some(({ instancePath, keyword }) => instancePath === '' && keyword === 'type')
    ? Number.POSITIVE_INFINITY
    : errors.length

const wordsOf = ({ instancePath, message, keyword, params }: ErrorObject): string => {
  const what = keyword === 'additionalProperties' ? `: ${general(String(params['additionalProperty']))}` : ''
  const values = keyword === 'enum' || keyword === 'const' ? `: ${JSON.stringify(params)}` : ''
  return `${general(instancePath)} ${message ?? keyword}${what}${values}`.trim()
}

/** Without what is particular to one answer: positions in lists, ids, domains. */
const general = (path: string): string =>
  path
    .split('/')
    .map((segment) =>
      /^\d+$/.test(segment)
        ? '*'
        : /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(segment)
          ? '{id}'
          : /^[a-z]+\.test$/.test(segment)
            ? '{domain}'
            : /^[0-9a-f]{12,16}$/.test(segment)
              ? '{client}'
              : segment,
    )
    .join('/')
