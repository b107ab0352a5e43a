import type { PublicHandler } from '../handler.ts'

interface Needs {
  /** Whether strangers can make themselves an account. */
  readonly isRegistrationOpen: boolean
}

export const getPublicSystemSettings =
  ({ isRegistrationOpen }: Needs): PublicHandler<'get-public-system-settings'> =>
  async () => ({ outcome: 'found', body: { setRestrictUserCreation: !isRegistrationOpen } })
