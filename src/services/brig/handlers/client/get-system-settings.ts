import type { ClientHandler } from '../handler.ts'

interface Needs {
  /** Whether strangers can make themselves an account. */
  readonly isRegistrationOpen: boolean
}

export const getSystemSettings =
  ({ isRegistrationOpen }: Needs): ClientHandler<'get-system-settings'> =>
  async () => ({ outcome: 'found', body: { setRestrictUserCreation: !isRegistrationOpen, setEnableMls: false } })
