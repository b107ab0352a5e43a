/**
 * The remote backends we know: those added while running, then those of the configuration, which win. Every call from
 * or to another backend asks for them, so they are remembered; a change counts from the next call on, here because the
 * one who makes it says so, in other processes by a note of the database that is sent with it.
 */
import type { Domain, TeamId } from '#src/contract/ids.ts'
import type { RemoteConfig, RemoteConfigs, Strategy } from '#src/contract/internal/remotes.ts'
import type { Clock } from '#src/kit/clock.ts'
import { remembered } from '#src/kit/remembered.ts'
import { federatesWithTeam, isSameRemote } from './federation-rules.ts'
import { REMOTE_UPDATE_INTERVAL_SECONDS, REMOTES_REMEMBERED_MS } from './limits.ts'
import { findRemote, findRemotes } from './store-remotes.ts'
import type { BrigDb } from './tables.ts'

export interface KnownRemotes {
  readonly strategy: Strategy
  all(): Promise<RemoteConfigs>
  find(domain: Domain): Promise<RemoteConfig | undefined>
  /** The entry of the configuration, which cannot be changed while running. */
  configured(domain: Domain): RemoteConfig | undefined
  /** They have changed. */
  forget(): void
}

/** May a user of this team of the remote backend be connected with ours? */
export const isFederatingTeam = async (known: KnownRemotes, domain: Domain, team: TeamId | null): Promise<boolean> => {
  // Only one of the strategies looks at the list.
  const remote = known.strategy === 'allowDynamic' ? await known.find(domain) : undefined
  return federatesWithTeam(known.strategy, remote, team)
}

export interface RemotesSetting {
  readonly strategy: Strategy
  readonly remotes: readonly RemoteConfig[]
}

/** What the database tells when they change. */
export const REMOTES_CHANNEL = 'remotes'

export const knownRemotes = (db: BrigDb, { strategy, remotes }: RemotesSetting, clock: Clock): KnownRemotes => {
  const fixed = new Map<Domain, RemoteConfig>()
  for (const remote of remotes) {
    const same = fixed.get(remote.domain)
    if (same && !isSameRemote(same, remote)) throw new Error(`${remote.domain} is configured twice, and differently`)
    fixed.set(remote.domain, remote)
  }
  const read = async (): Promise<RemoteConfigs> => {
    const added = await findRemotes(db)
    return {
      strategy,
      remotes: [...added.filter(({ domain }) => !fixed.has(domain)), ...fixed.values()],
      update_interval: REMOTE_UPDATE_INTERVAL_SECONDS,
    }
  }
  const all = remembered({ read, ttlMs: REMOTES_REMEMBERED_MS, clock })
  return {
    strategy,
    configured: (domain) => fixed.get(domain),
    find: async (domain) => fixed.get(domain) ?? findRemote(db, domain),
    all: all.get,
    forget: all.forget,
  }
}
