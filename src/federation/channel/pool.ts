/**
 * Sessions with peers, kept and shared. A session belongs to one (domain, host, port): what is verified for one
 * backend is never used for another, even if both point to the same host. Requests share sessions up to what the
 * peer's SETTINGS allow; then a few more sessions are opened; then requests wait, bounded in number and time.
 */
import type { Domain } from '#src/contract/ids.ts'
import { boundedCache } from '#src/kit/lru.ts'
import type { Target } from '../discovery.ts'
import { TARGET_COOL_DOWN_MS, TARGETS_COOLING_MAX, UNPROCESSED_RETRIES_MAX } from '../limits.ts'
import { Channel, type ChannelLoad } from './channel.ts'
import type { PeerRequest, PeerResponse } from './exchange.ts'
import { PeerFailure } from './peer-failure.ts'
import type { SessionNeeds } from './session.ts'

export interface ChannelPool extends AsyncDisposable {
  /** Rejects with a {@link PeerFailure}, or with the reason of the request's own signal. */
  request(domain: Domain, target: Target, request: PeerRequest): Promise<PeerResponse>
  /** Whether the last attempt to reach this target failed a moment ago. */
  isCoolingDown(domain: Domain, target: Target): boolean
  /** With whom there are sessions. */
  domains(): readonly Domain[]
  /** All peers together. */
  load(): ChannelLoad
  /** Says goodbye to a peer; requests under way get a moment to finish. */
  close(domain: Domain): void
}

export const createChannelPool = (needs: SessionNeeds): ChannelPool => {
  const channels = new Map<string, { readonly domain: Domain; readonly channel: Channel }>()
  const cooling = boundedCache<string, true>({
    max: TARGETS_COOLING_MAX,
    ttlMs: TARGET_COOL_DOWN_MS,
    clock: needs.clock,
  })

  const channelTo = (domain: Domain, target: Target): Channel => {
    const key = keyOf(domain, target)
    const known = channels.get(key)
    if (known) return known.channel
    const channel = new Channel({ domain, target }, needs, {
      isCoolingDown: () => cooling.get(key) === true,
      onOpened: () => cooling.delete(key),
      onFailed: () => cooling.set(key, true),
      onUnused: () => channels.delete(key),
    })
    channels.set(key, { domain, channel })
    return channel
  }

  return {
    request: async (domain, target, request) => {
      for (let retries = 0; ; retries++) {
        try {
          return await channelTo(domain, target).request(request)
        } catch (error) {
          if (!maySendAgain(error, request) || retries >= UNPROCESSED_RETRIES_MAX) throw error
        }
      }
    },
    isCoolingDown: (domain, target) => cooling.get(keyOf(domain, target)) === true,
    domains: () => [...new Set([...channels.values()].map(({ domain }) => domain))],
    load: () =>
      [...channels.values()].map(({ channel }) => channel.load()).reduce(plus, { sessions: 0, streams: 0, waiting: 0 }),
    close: (domain) => {
      for (const each of channels.values()) if (each.domain === domain) void each.channel.drain()
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...channels.values()].map(({ channel }) => channel.drain()))
    },
  }
}

const plus = (a: ChannelLoad, b: ChannelLoad): ChannelLoad => ({
  sessions: a.sessions + b.sessions,
  streams: a.streams + b.streams,
  waiting: a.waiting + b.waiting,
})

const keyOf = (domain: Domain, { host, port }: Target): string => `${domain} ${host} ${port}`

const maySendAgain = (error: unknown, { body, signal }: PeerRequest): boolean =>
  error instanceof PeerFailure &&
  error.phase === 'http' &&
  error.isUnprocessed &&
  body instanceof Uint8Array &&
  signal?.aborted !== true
