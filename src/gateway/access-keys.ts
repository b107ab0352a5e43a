/** The public keys of brig, by which the gateway knows an access token without asking about each. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { brigInternal } from '#src/contract/internal/brig.ts'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { KEYS_INTERVAL_MS, KEYS_TIMEOUT_MS, KEYS_TTL_MS } from './limits.ts'

export interface AccessKeys {
  /** Asks brig when the index is new or the keys have grown old; rejects when it has to and cannot. */
  get(index: number): Promise<KeyObject | undefined>
}

interface Needs {
  readonly brig: Transport
  readonly clock: Clock
  readonly log: Log
}

interface Known {
  readonly text: string
  readonly key: KeyObject
}

export const accessKeys = ({ brig, clock, log }: Needs): AccessKeys => {
  let known: ReadonlyMap<number, Known> = new Map()
  let triedMs = Number.NEGATIVE_INFINITY
  let hasFailed = false
  let trying: Promise<void> | undefined

  const refresh = async (): Promise<void> => {
    triedMs = clock.monotonicMs()
    hasFailed = true
    const asked = call(brig, brigInternal['get-access-keys'], {})
    const { body } = await withDeadline(asked, KEYS_TIMEOUT_MS, 'fetching access keys')
    // Who holds a key compares it by identity, so one that did not change stays the same object.
    known = new Map(body.keys.map(({ index, publicKey }) => [index, keepOrImport(known.get(index), publicKey)]))
    hasFailed = false
  }
  const refreshOnce = (): Promise<void> =>
    (trying ??= refresh().finally(() => {
      trying = undefined
    }))

  return {
    get: async (index) => {
      const found = known.get(index)
      const ageMs = clock.monotonicMs() - triedMs
      // While brig could not be asked, "no such key" would be a guess, and clients would throw good tokens away.
      if (found === undefined && (hasFailed || ageMs >= KEYS_INTERVAL_MS)) {
        await refreshOnce()
        return known.get(index)?.key
      }
      if (found !== undefined && ageMs >= KEYS_TTL_MS) {
        // Nobody waits for it: while brig is away the keys we have are as good as ever.
        refreshOnce().catch((error: unknown) => log.warn({ err: error }, 'renewing access keys'))
      }
      return found?.key
    },
  }
}

const keepOrImport = (before: Known | undefined, text: string): Known =>
  before?.text === text ? before : { text, key: importKey(text) }

const importKey = (base64: string): KeyObject =>
  // RFC 8037 §2: an Ed25519 public key as a JSON Web Key.
  createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(base64, 'base64').toString('base64url') },
  })
