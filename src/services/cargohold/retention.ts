/** How long assets are kept, and their keys, which say it (client-assets.md §2). */
import type { Retention } from '#src/contract/client/cargohold.ts'
import { AssetKey } from '#src/contract/ids.ts'

/** Of the classes that are not kept for ever. */
export interface Lifetimes {
  readonly volatileSeconds: number
  readonly expiringSeconds: number
}

interface Rule {
  readonly digit: number
  /** Undefined: for ever. */
  readonly lifetime?: keyof Lifetimes
}

const RULES: Readonly<Record<Retention, Rule>> = {
  eternal: { digit: 1 },
  persistent: { digit: 2 },
  volatile: { digit: 3, lifetime: 'volatileSeconds' },
  'eternal-infrequent_access': { digit: 4 },
  expiring: { digit: 5, lifetime: 'expiringSeconds' },
}

export const digitOf = (retention: Retention): number => RULES[retention].digit

export const expiryOf = (retention: Retention, created: Date, lifetimes: Lifetimes): Date | undefined => {
  const { lifetime } = RULES[retention]
  return lifetime && new Date(created.getTime() + lifetimes[lifetime] * 1000)
}

/** What an asset is kept under: a UUID, and so a name that is safe anywhere. */
export type AssetId = string & { readonly isAssetId: true }

export interface KeyParts {
  readonly digit: number
  readonly id: AssetId
}

export const keyOf = ({ digit, id }: KeyParts): AssetKey => AssetKey.parse(`3-${digit}-${id}`)

// The schema of keys has seen to their form.
export const partsOf = (key: AssetKey): KeyParts => ({ digit: Number(key[2]), id: key.slice('3-1-'.length) as AssetId })
