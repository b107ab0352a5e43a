/**
 * To our own parts. Consecutive pushes to gundeck travel together; all others go one by one, in order. A call that
 * carries several and is refused is repeated with the first alone, so that one bad letter costs no other.
 */
import { within } from '#src/kit/deadline.ts'
import { BODY_LIMIT_BYTES, type EndpointShape } from '#src/kit/endpoint.ts'
import { causeChain } from '#src/kit/errors.ts'
import { readAll, type Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { hop } from '#src/kit/trace.ts'
import { PUSHES_MAX } from '#src/contract/internal/gundeck.ts'
import { classifyLocalAnswer, type Verdict } from './classify.ts'
import { type InTurn, undecodable } from './delivery.ts'
import { LocalLetter, localEndpoint, type LocalTarget } from './letters.ts'
import { ANSWER_BYTES_MAX, LOCAL_TIMEOUT_MS } from './limits.ts'
import type { StoredLetter } from './outbox-store.ts'

export type Locals = Readonly<Record<LocalTarget, Transport>>

interface Needs {
  readonly locals: Locals
  readonly log: Log
}

export const localDelivery = ({ locals, log }: Needs): InTurn => {
  const send = async (letters: readonly LocalLetter[], body: unknown, signal: AbortSignal): Promise<Verdict> => {
    const [first] = letters
    if (!first) throw new Error('an attempt without a letter')
    const endpoint = localEndpoint(first.target, first.endpoint)
    if (!endpoint) return undecodable(`${first.target} has no ${first.endpoint}`)
    for (const { requestId } of letters) hop(log, 'courier', requestId)
    return post(locals[first.target], { endpoint, requestId: first.requestId, body }, signal)
  }

  return {
    attempt: async (stored, signal) => {
      const [first] = stored
      const letter = first && readLetter(first)
      if (typeof letter !== 'object') return { count: 1, verdict: undecodable(letter ?? 'no letter') }
      const batch = isPush(letter) ? pushesFrom(stored) : []
      if (batch.length > 1) {
        const verdict = await send(batch, { pushes: batch.flatMap(pushesOf) }, signal)
        if (verdict.verdict !== 'undeliverable') return { count: batch.length, verdict }
        // Refused before anything of it was stored: one of them is to blame, perhaps not the first.
      }
      return { count: 1, verdict: await send([letter], letter.body, signal) }
    },
  }
}

interface LocalRequest {
  readonly endpoint: EndpointShape
  readonly requestId: string
  readonly body: unknown
}

const post = async (transport: Transport, request: LocalRequest, cutOff: AbortSignal): Promise<Verdict> => {
  const { endpoint, requestId, body } = request
  const send = async (signal: AbortSignal): Promise<Verdict> => {
    const response = await transport.send({
      method: endpoint.method,
      pattern: endpoint.path,
      params: {},
      query: {},
      headers: { 'content-type': 'application/json', 'request-id': requestId },
      body: Buffer.from(JSON.stringify(body)),
      signal,
    })
    const text = Buffer.from(await readAll(response.body, ANSWER_BYTES_MAX)).toString('utf8')
    return classifyLocalAnswer(response.status, text)
  }
  try {
    const what = `${endpoint.method} ${endpoint.path}`
    return await within(send, { cutOff, ms: LOCAL_TIMEOUT_MS, what })
  } catch (error) {
    // No answer is an ending like any other here: the row stays and is tried again.
    return { verdict: 'retry', reason: causeChain(error) }
  }
}

/** The longest run of pushes at the head that one call may carry. */
const pushesFrom = (stored: readonly StoredLetter[]): LocalLetter[] => {
  const limit = localEndpoint('gundeck', 'push')?.bodyLimit ?? BODY_LIMIT_BYTES
  const batch: LocalLetter[] = []
  let [pushes, bytes] = [0, 0]
  for (const row of stored) {
    const letter = readLetter(row)
    if (typeof letter !== 'object' || !isPush(letter)) break
    pushes += pushesOf(letter).length
    bytes += Buffer.byteLength(row.text)
    if (pushes > PUSHES_MAX || bytes > limit) break
    batch.push(letter)
  }
  return batch
}

const isPush = ({ target, endpoint, body }: LocalLetter): boolean =>
  target === 'gundeck' && endpoint === 'push' && isObject(body) && Array.isArray(body['pushes'])

/** Each with the request it belongs to: the call itself can name only one. */
const pushesOf = ({ body, requestId }: LocalLetter): unknown[] => {
  const pushes = isObject(body) ? body['pushes'] : undefined
  if (!Array.isArray(pushes)) return []
  return pushes.map((push: unknown) => (isObject(push) ? { requestId, ...push } : push))
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** The letter, or what is wrong with it. */
const readLetter = ({ text }: StoredLetter): LocalLetter | string => {
  try {
    return LocalLetter.parse(JSON.parse(text))
  } catch (error) {
    return String(error)
  }
}
