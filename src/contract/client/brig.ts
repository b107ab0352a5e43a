/** Everything that clients ask of brig: who people are, whom they know, and with which devices they come. */
import { brigAccounts } from './brig-accounts.ts'
import { brigConnections } from './brig-connections.ts'
import { brigDevices } from './brig-devices.ts'
import { brigKeyPackages } from './brig-key-packages.ts'
import { brigIdentity } from './brig-identity.ts'
import { brigSelf } from './brig-self.ts'
import { brigSettings } from './brig-settings.ts'
import { brigTeams } from './brig-teams.ts'
import { brigUsers } from './brig-users.ts'

export const brigClient = {
  ...brigAccounts,
  ...brigIdentity,
  ...brigSelf,
  ...brigUsers,
  ...brigDevices,
  ...brigKeyPackages,
  ...brigConnections,
  ...brigSettings,
  ...brigTeams,
}
