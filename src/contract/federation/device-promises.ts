/**
 * A backend that answers which devices people have promises for how long it will tell before any of it changes: an
 * extension of ours, used only towards backends that announce it in their answer to `api-version`
 * (docs/decisions/device-promises.md).
 */
import { z } from 'zod'
import { UserId } from '../ids.ts'
import { PROMISE_MS_MAX, USERS_PER_LIST_MAX } from './limits.ts'
import { UserClientSets } from './users.ts'

/** What a backend announces that promises. */
export const DEVICE_PROMISES = 'device-promises'

/** From when the question was sent; 0 where nothing is promised. */
export const PromiseMs = z.int().min(0).max(PROMISE_MS_MAX)

/** Of whom nothing is promised, because his devices are about to change. */
export const ChangingUsers = z.array(UserId).max(USERS_PER_LIST_MAX)

export const PromisedClients = z.object({
  clients: UserClientSets,
  promise_ms: PromiseMs,
  changing: ChangingUsers,
})
export type PromisedClients = z.infer<typeof PromisedClients>
