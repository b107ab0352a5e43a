/** Who in this process listens to which channel. */
import { causeChain } from '#src/kit/errors.ts'
import type { Log } from '#src/kit/log.ts'

type OnPayload = (payload: string) => void

export interface Channels {
  readonly names: () => readonly string[]
  /** True when the channel had no listener before. */
  add(channel: string, onPayload: OnPayload): boolean
  /** True when the channel has no listener any more. */
  remove(channel: string, onPayload: OnPayload): boolean
  tell(channel: string, payload: string): void
  /** Something may have been missed on every channel. */
  tellOfGap(): void
}

/** PostgreSQL refuses larger payloads (`NOTIFY`, "less than 8000 bytes"). */
const PAYLOAD_BYTES_MAX = 7_999

export const createChannels = (log: Log): Channels => {
  const listeners = new Map<string, Set<OnPayload>>()
  const tell = (channel: string, payload: string): void => {
    for (const listener of listeners.get(channel) ?? []) {
      try {
        listener(payload)
      } catch (error) {
        // One listener's fault must not cost the others their note.
        log.error({ err: error, channel, causes: causeChain(error) }, 'a listener of the database failed')
      }
    }
  }
  return {
    names: () => [...listeners.keys()],
    add: (channel, listener) => {
      const present = listeners.get(channel)
      if (present) present.add(listener)
      else listeners.set(channel, new Set([listener]))
      return present === undefined
    },
    remove: (channel, listener) => {
      const present = listeners.get(channel)
      if (!present?.delete(listener) || present.size > 0) return false
      return listeners.delete(channel)
    },
    tell,
    tellOfGap: () => {
      for (const channel of listeners.keys()) tell(channel, '')
    },
  }
}

/** Channel names are ours and plain; quoting them is enough. */
export const quoteChannel = (channel: string): string => {
  if (!/^[a-z][a-z-]{0,62}$/.test(channel)) throw new Error(`'${channel}' cannot be the name of a channel`)
  return `"${channel}"`
}

export const checkedPayload = (payload: string): string => {
  if (payload !== '' && Buffer.byteLength(payload) <= PAYLOAD_BYTES_MAX) return payload
  throw new Error('a note must have at least one byte and less than 8000')
}
