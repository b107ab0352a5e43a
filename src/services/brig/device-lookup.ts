/** Devices and prekeys of users of any backend. */
import type { UserClients } from '#src/contract/federation/shared.ts'
import type { ClientPrekey, PrekeyBundle, PubClient, UserClientPrekeyMap } from '#src/contract/federation/users.ts'
import type { ClientId, Domain, UserId } from '#src/contract/ids.ts'
import { UserId as UserIdSchema } from '#src/contract/ids.ts'
import type { CallContext } from '#src/rpc/remote-backends.ts'
import { publicDevice } from './device-rules.ts'
import type { OtherBackends } from './other-backends.ts'
import type { PrekeyClaims } from './prekey-claims.ts'
import { findDevices, findDevicesOf } from './store-devices.ts'
import type { BrigDb } from './tables.ts'

export interface DeviceNeeds {
  readonly db: BrigDb
  readonly domain: Domain
  readonly others: OtherBackends
  readonly claims: PrekeyClaims
}

/** Everyone asked for is there; who is unknown or has no device has an empty list. */
export const localDevices = async (db: BrigDb, users: readonly UserId[]): Promise<Map<UserId, PubClient[]>> => {
  const devices = new Map<UserId, PubClient[]>(users.map((user) => [user, []]))
  for (const device of await findDevicesOf(db, users)) devices.get(device.user_id)?.push(publicDevice(device))
  return devices
}

export const findDevicesAnywhere = (
  { db, domain: ownDomain, others }: DeviceNeeds,
  { domain, users }: { readonly domain: Domain; readonly users: readonly UserId[] },
  context: CallContext,
): Promise<Map<UserId, PubClient[]>> =>
  domain === ownDomain ? localDevices(db, users) : others.devices(domain, users, context)

export const claimLocally = async (
  { claims }: Pick<DeviceNeeds, 'claims'>,
  device: { readonly user: UserId; readonly client: ClientId },
): Promise<ClientPrekey | undefined> => {
  const [prekey] = await claims.write([device])
  return prekey && { client: device.client, prekey }
}

export const claimAllLocally = async (
  { db, claims }: Pick<DeviceNeeds, 'db' | 'claims'>,
  user: UserId,
): Promise<PrekeyBundle> => {
  const devices = await findDevices(db, user)
  const claimed = await claims.write(devices.map(({ id }) => ({ user, client: id })))
  return {
    user,
    clients: devices.flatMap(({ id: client }, index) => {
      const prekey = claimed[index]
      return prekey ? [{ client, prekey }] : []
    }),
  }
}

/** Everyone and every device asked for is there; `null` where nothing could be claimed. */
export const claimManyLocally = async (
  { claims }: Pick<DeviceNeeds, 'claims'>,
  wanted: UserClients,
): Promise<UserClientPrekeyMap> => {
  const devices = entriesOf(wanted).flatMap(([user, clients]) => clients.map((client) => ({ user, client })))
  const claimed = await claims.write(devices)
  const byKey = new Map(devices.map(({ user, client }, index) => [`${user} ${client}`, claimed[index]]))
  return mapClients(wanted, (user, client) => byKey.get(`${user} ${client}`) ?? null)
}

export const claimManyAnywhere = async (
  { claims, domain: ownDomain, others }: DeviceNeeds,
  { domain, wanted }: { readonly domain: Domain; readonly wanted: UserClients },
  context: CallContext,
): Promise<UserClientPrekeyMap> => {
  if (domain === ownDomain) return claimManyLocally({ claims }, wanted)
  const answer = await others.claimPrekeys(domain, wanted, context)
  // What was not asked for is dropped, and what was asked for is there.
  return mapClients(wanted, (user, client) => answer[user]?.[client] ?? null)
}

const mapClients = (
  wanted: UserClients,
  find: (user: UserId, client: ClientId) => NonNullable<UserClientPrekeyMap[UserId]>[ClientId],
): UserClientPrekeyMap =>
  Object.fromEntries(
    entriesOf(wanted).map(([user, clients]) => [
      user,
      Object.fromEntries(clients.map((client) => [client, find(user, client)])),
    ]),
  )

/** The keys of a parsed map are ids; JavaScript has forgotten it. */
export const entriesOf = (wanted: UserClients): [UserId, ClientId[]][] =>
  Object.entries(wanted).map(([user, clients]) => [UserIdSchema.parse(user), clients])
