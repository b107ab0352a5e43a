/** The cipher suite that a request about key packages names (client-api-versions.md S10). */
import { Refusal } from '#src/kit/errors.ts'
import type { Suite } from '#src/mls/cipher-suites.ts'
import { knownSuite } from './mls-clients.ts'

/** From this version on it must be named. */
const FIRST_VERSION_WITHOUT_DEFAULT = 8
const DEFAULT_SUITE = 1

export const suiteAskedFor = (named: number | undefined, apiVersion: number): Suite =>
  knownSuite(named ?? defaultFor(apiVersion))

export const suitesAskedFor = (named: readonly number[] | undefined, apiVersion: number): Suite[] =>
  (named ?? [defaultFor(apiVersion)]).map(knownSuite)

const defaultFor = (apiVersion: number): number => {
  if (apiVersion < FIRST_VERSION_WITHOUT_DEFAULT) return DEFAULT_SUITE
  throw new Refusal(400, 'bad-request', { detail: 'name a cipher suite' })
}
