/** What an attack is: attempts on an endpoint, and what has to come of them. */
import type { Stolen } from './bad-tokens.ts'
import type { Expected } from './client-answers.ts'
import { addressOf, jsonBodyOf, type Target } from './client-endpoints.ts'
import { fittingBody, type Json } from './fitting-body.ts'
import type { Asked } from './stranger.ts'

export interface Attempt {
  readonly what: string
  readonly asked: Asked
  /** Left out where any answer will do that is in order. */
  readonly expected?: Expected
}

export type Headers = Readonly<Record<string, string>>

/** With whose token what is sent. */
export interface Callers {
  /** What must be refused. */
  readonly refused: Headers
  /** What may be taken. */
  readonly taken: Headers
  readonly stolen: Stolen
}

export interface Attack {
  readonly name: string
  on(target: Target): boolean
  attempts(target: Target, callers: Callers): readonly Attempt[]
}

export const JSON_TYPE = { 'content-type': 'application/json' }
export const BAD_REQUEST: Expected = { status: 400, label: 'bad-request' }

export const hasJson = (target: Target): boolean => jsonBodyOf(target) !== undefined

export const fittingFor = (target: Target): Json => {
  const declared = jsonBodyOf(target)
  return declared ? fittingBody(declared) : {}
}

/** A request that is in order, but for what is given. */
export const asking = (target: Target, more: Partial<Asked>): Asked => ({
  method: target.method,
  target: addressOf(target),
  ...(hasJson(target) && { body: JSON.stringify(fittingFor(target)) }),
  ...more,
  headers: { ...(hasJson(target) && JSON_TYPE), ...more.headers },
})
