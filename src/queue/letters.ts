/** What a row of an outbox says, and how. */
import { z } from 'zod'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { galleyInternal } from '#src/contract/internal/galley.ts'
import { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { CallInputOf, EndpointShape } from '#src/kit/endpoint.ts'
import { NOTIFICATIONS_PER_BUNDLE_MAX, PATH_CHARACTERS_MAX } from './limits.ts'

/**
 * One notification in the formats of different versions; exactly one of them is sent (backend-notifications.md §4).
 * The sender's domain is not in it: it is ours.
 */
export const Bundle = z.object({
  notifications: z
    .array(
      z.object({
        targetComponent: z.enum(['brig', 'galley', 'cargohold']),
        path: z
          .string()
          .regex(/^[A-Za-z0-9_-]+$/)
          .max(PATH_CHARACTERS_MAX),
        /** JSON text, sent as it is. */
        body: z.string(),
        /** Plain integers, so that a row written by a newer release can be read after a roll-back (§4). */
        bodyVersions: z.object({ from: z.int(), until_excl: z.int().optional() }),
        requestId: z.string(),
      }),
    )
    .min(1)
    .max(NOTIFICATIONS_PER_BUNDLE_MAX),
})
export type Bundle = z.infer<typeof Bundle>
export type BundleEntry = Bundle['notifications'][number]

/** The parts that are told things through the queue. */
export const LOCAL_CONTRACTS = {
  gundeck: gundeckInternal,
  galley: galleyInternal,
  brig: brigInternal,
}
export type LocalTarget = keyof typeof LOCAL_CONTRACTS

export const LocalLetter = z.object({
  target: z.enum(['gundeck', 'galley', 'brig']),
  /** Its name in the target's contract. */
  endpoint: z.string(),
  body: z.unknown(),
  requestId: z.string(),
})
export type LocalLetter = z.infer<typeof LocalLetter>

type BodyOf<E> = E extends EndpointShape ? (CallInputOf<E> extends { readonly body: infer B } ? B : never) : never
type Taking<C> = { [K in keyof C]: BodyOf<C[K]> extends never ? never : K }[keyof C] & string

/** A call as it is written: one of the target's endpoints that take a body, with that body. */
export type LocalCall = {
  [T in LocalTarget]: {
    [E in Taking<(typeof LOCAL_CONTRACTS)[T]>]: {
      readonly target: T
      readonly endpoint: E
      readonly body: BodyOf<(typeof LOCAL_CONTRACTS)[T][E]>
      readonly requestId: string
    }
  }[Taking<(typeof LOCAL_CONTRACTS)[T]>]
}[LocalTarget]

/** The lane of our own parts; no domain begins with `@`. */
export const LOCAL_LANE = '@local'

/** The declaration behind a letter, or undefined where this version has none. */
export const localEndpoint = (target: LocalTarget, name: string): EndpointShape | undefined => {
  const contract: Readonly<Record<string, EndpointShape>> = LOCAL_CONTRACTS[target]
  return Object.hasOwn(contract, name) ? contract[name] : undefined
}
