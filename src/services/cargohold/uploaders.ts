/** Who may upload, and how much at once: brig knows whether an account is active, and whether it is in a team. */
import type { UserId } from '#src/contract/ids.ts'
import { brigInternal, type LocalUser } from '#src/contract/internal/brig.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'

export interface UploadLimits {
  readonly maxBytes: number
  readonly teamMaxBytes: number
}

export interface Uploaders {
  /** What the luckiest may upload. */
  readonly bytesMax: number
  /** Undefined: this user may not upload. */
  limitOf(user: UserId): Promise<number | undefined>
}

export const uploadersOf = (brig: Transport, { maxBytes, teamMaxBytes }: UploadLimits): Uploaders => ({
  bytesMax: Math.max(maxBytes, teamMaxBytes),
  limitOf: async (id) => {
    const { body } = await call(brig, brigInternal['get-users'], { body: { users: [id] } })
    const user = body.find((found) => found.id === id)
    if (!user || !isActive(user)) return undefined
    return user.team === undefined ? maxBytes : teamMaxBytes
  },
})

/** Guests may upload; a suspended user whose token is still good may not. */
const isActive = ({ status }: LocalUser): boolean => status === 'active' || status === 'ephemeral'
