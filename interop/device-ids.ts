/** Devices by domain and user, as clients and backends list them. */
import type { MessageSendingStatus } from '@wireapp/api-client/lib/conversation/MessageSendingStatus.js'

/** By domain, user and device. */
export type Devices = Record<string, Record<string, string[]>>

export function idsOf(users: Record<string, Record<string, readonly { id: string }[]>>): Devices {
  return nested(
    Object.entries(users).flatMap(([domain, byUser]) =>
      Object.entries(byUser).flatMap(([user, clients]) => clients.map(({ id }) => `${domain}/${user}/${id}`)),
    ),
  )
}

export const flat = (devices: Devices): string[] =>
  Object.entries(devices).flatMap(([domain, users]) =>
    Object.entries(users).flatMap(([user, clients]) => clients.map((client) => `${domain}/${user}/${client}`)),
  )

export function nested(keys: readonly string[]): Devices {
  const devices: Devices = {}
  for (const key of keys) {
    const [domain = '', user = '', client = ''] = key.split('/')
    const users = (devices[domain] ??= {})
    ;(users[user] ??= []).push(client)
  }
  return devices
}

export const merge = (some: Devices, more: Devices): Devices => nested([...new Set([...flat(some), ...flat(more)])])

export function without(some: Devices, gone: Devices): Devices {
  const keys = new Set(flat(gone))
  return nested(flat(some).filter((key) => !keys.has(key)))
}

/** 412: the answer is a sending status instead of an error, which the stock client hands on as it came. */
export function mismatchIn(error: unknown): Pick<MessageSendingStatus, 'missing' | 'deleted'> | undefined {
  if (!(error instanceof Error) || !('response' in error)) return undefined
  const { status, data } = error.response as { readonly status: number; readonly data: MessageSendingStatus }
  return status === 412 ? data : undefined
}
