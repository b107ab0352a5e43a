/** Accounts, people, devices and connections: composed here, from what the process has to what the handlers need. */
import { brigClient } from '#src/contract/client/brig.ts'
import { brigFederation } from '#src/contract/federation/brig.ts'
import type { Domain } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import type { RemoteConfig, RemoteConfigs, Strategy } from '#src/contract/internal/remotes.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Route, Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { outboxMigrations } from '#src/queue/outbox.ts'
import { clientRoutes, internalRoutes } from '#src/rpc/context.ts'
import { federationRoutes } from '#src/rpc/federation-server.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import type { Database } from '#src/storage/database.ts'
import type { AccountPolicy } from './admission.ts'
import { startAccountUpkeep } from './account-upkeep.ts'
import { announcements } from './announcements.ts'
import { clientHandlers } from './client-handlers.ts'
import { deviceChanges } from './device-changes.ts'
import { federationHandlers } from './federation-handlers.ts'
import { internalHandlers } from './internal-handlers.ts'
import { knownRemotes, REMOTES_CHANNEL } from './known-remotes.ts'
import { CONNECTIONS_MAX, TRANSITION_PAUSE_MS } from './limits.ts'
import { type MailConfig, mailerFor } from './mailer.ts'
import { otherBackends } from './other-backends.ts'
import { passwords } from './passwords.ts'
import { openKeys } from './rotating-keys.ts'
import { startSearchUpkeep } from './search-upkeep.ts'
import { prekeyClaims } from './prekey-claims.ts'
import { keysFor } from './store-sessions.ts'
import type { BrigDb, BrigTables, SigningKeysTable } from './tables.ts'
import { tellWatchers } from './tell-watchers.ts'
import { watcherUpkeep } from './watcher-upkeep.ts'
import { newPrivateKey, rawPublicKey, type StoredKey } from './token-keys.ts'

export const brigMigrations = new URL('migrations/', import.meta.url)

/** What brig reads of the configuration. */
export interface BrigConfig {
  readonly domain: Domain
  readonly federation?: { readonly strategy: Strategy; readonly remotes: readonly RemoteConfig[] } | undefined
  readonly email?: MailConfig | undefined
  readonly accounts: AccountPolicy
  readonly development: { readonly headlessCode?: string | undefined; readonly insecureCookies: boolean }
}

export interface BrigNeeds {
  readonly config: BrigConfig
  readonly database: Database
  readonly courier: Transport
  readonly galley: Transport
  readonly remotes: RemoteBackends
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** {@link CONNECTIONS_MAX} unless said. */
  readonly connectionsMax?: number
  /** Before a change of a remote connection begins anew; by default for some milliseconds of the clock. */
  readonly pause?: (attempt: number) => Promise<void>
}

export interface Brig extends AsyncDisposable {
  readonly routes: readonly Route[]
  /** The answer to `known-remotes`, for who asks for each request and is in this process. */
  readonly knownRemotes: () => Promise<RemoteConfigs>
}

export const startBrig = async (given: BrigNeeds): Promise<Brig> => {
  const { config, database, courier, galley, remotes, clock, random, log, connectionsMax = CONNECTIONS_MAX } = given
  const { pause = (attempt) => clock.sleep(random.unit() * attempt * TRANSITION_PAUSE_MS) } = given
  const { domain } = config
  const db = await database.schema<BrigTables>('brig', brigMigrations, outboxMigrations)
  const keys = await openKeys({ db, database, clock, log })
  const [removal] = await keysOf(db, 'mls-removal', clock)
  if (!removal) throw new Error('there is no key to remove members from MLS groups with')
  const { headlessCode, insecureCookies } = config.development
  const known = knownRemotes(db, config.federation ?? { strategy: 'allowNone', remotes: [] }, clock)
  const listening = await database.listen(REMOTES_CHANNEL, known.forget)
  const mailer = await mailerFor({ email: config.email, isHeadless: headlessCode !== undefined }, log)
  const shared = {
    db,
    domain,
    remotes,
    clock,
    pause,
    connectionsMax,
    headlessCode,
    keys,
    others: otherBackends(remotes),
    known,
    claims: prekeyClaims(db),
    announcements: announcements({ random, courier, log }),
    ...promising({ db, domain, galley, remotes, clock, random, log }),
    mailer,
    policy: config.accounts,
    codes: { clock, random, headlessCode },
  }
  const client = clientHandlers({
    ...shared,
    passwords: passwords({ random }),
    sessions: { keys, clock, random, isCookieSecure: !insecureCookies },
    isRegistrationOpen: mailer.isOpen && config.accounts.registration === 'open',
    removalKey: rawPublicKey(removal.privateKey),
  })
  const onHeard = noteHeard(database, log)
  const searchUpkeep = startSearchUpkeep({ db, clock, log })
  const accountUpkeep = startAccountUpkeep({ ...shared, random, log })
  return {
    routes: [
      ...clientRoutes(brigClient, client, { log }),
      ...internalRoutes(brigInternal, internalHandlers(shared), { log }),
      ...federationRoutes('brig', brigFederation, federationHandlers(shared), { log, clock, onHeard }),
    ],
    knownRemotes: known.all,
    [Symbol.asyncDispose]: async () => {
      await shared.claims.idle()
      await shared.upkeep[Symbol.asyncDispose]()
      await searchUpkeep[Symbol.asyncDispose]()
      await accountUpkeep[Symbol.asyncDispose]()
      await keys[Symbol.asyncDispose]()
      await mailer[Symbol.asyncDispose]()
      await listening[Symbol.asyncDispose]()
    },
  }
}

/** What it takes to promise others whose devices stay as they are. */
const promising = ({
  domain,
  galley,
  remotes,
  ...needs
}: Parameters<typeof tellWatchers>[0] & Parameters<typeof watcherUpkeep>[0]) => {
  const { clock, log } = needs
  const upkeep = watcherUpkeep(needs)
  // What an earlier process left is forgotten, too.
  upkeep.due()
  const tell = tellWatchers({ domain, galley, remotes, clock, log })
  return { upkeep, changes: deviceChanges({ ...needs, tell, upkeep }) }
}

/** Somebody who talks to us can be talked to: what waits for him need not wait for its next try. */
const noteHeard =
  (database: Database, log: Log) =>
  (peer: Domain): void => {
    database.notify('peer-heard', peer).catch((error: unknown) => log.warn({ err: error, peer }, 'noting a peer'))
  }

const keysOf = (db: BrigDb, purpose: SigningKeysTable['purpose'], clock: Clock): Promise<StoredKey[]> => {
  const fresh = { privateKey: newPrivateKey(), now: clock.now() }
  return db.transaction().execute((tx) => keysFor(tx, purpose, fresh))
}
