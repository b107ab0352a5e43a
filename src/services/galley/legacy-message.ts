/** COMPAT(v0): messages in the form of before federation, in the words of today. */
import { type LegacySendingStatus, NewOtrMessage } from '#src/contract/client/legacy-messages.ts'
import type { MessageSendingStatus } from '#src/contract/federation/messages.ts'
import { ClientId, type Domain, UserId } from '#src/contract/ids.ts'
import { PROTEUS_CLIENTS_MAX, PROTEUS_STRATEGY_USERS_MAX } from '#src/contract/limits.ts'
import { decodeOldProteusMessage, MalformedProteusMessage, type OldProteusMessage } from '#src/rpc/proteus-reader.ts'
import type { MismatchStrategy, ProteusMessage } from '#src/rpc/proteus.ts'

export interface LegacyFlags {
  readonly ignoreMissing: string | undefined
  readonly reportMissing: string | undefined
}

/** Undefined when the body or a flag cannot be read. */
export const readLegacyMessage = (
  body: Uint8Array,
  { isProtobuf, flags, domain }: { readonly isProtobuf: boolean; readonly flags: LegacyFlags; readonly domain: Domain },
): ProteusMessage | undefined => {
  try {
    const message = isProtobuf ? decodeOldProteusMessage(body) : ofJson(body)
    const { recipients, reportMissing, ...common } = message
    const strategy = strategyOf(reportMissing, flags, domain)
    return { ...common, recipients: new Map([[domain, recipients]]), strategy }
  } catch (error) {
    if (error instanceof MalformedProteusMessage) return undefined
    throw error
  }
}

const ofJson = (body: Uint8Array): OldProteusMessage => {
  const parsed = NewOtrMessage.safeParse(parseJson(body))
  if (!parsed.success) throw new MalformedProteusMessage('not a message')
  const { sender, recipients, native_push, data, native_priority, transient, report_missing } = parsed.data
  const users = Object.entries(recipients).map(([user, texts]) => {
    const byClient = Object.entries(texts).map(([client, text]) => [ClientId.parse(client), bytesOf(text)] as const)
    return [UserId.parse(user), new Map(byClient)] as const
  })
  const clients = users.reduce((sum, [, texts]) => sum + texts.size, 0)
  if (clients > PROTEUS_CLIENTS_MAX) throw new MalformedProteusMessage('too many recipients')
  return {
    sender,
    recipients: new Map(users),
    nativePush: native_push ?? true,
    blob: bytesOf(data ?? ''),
    priority: native_priority ?? undefined,
    transient: transient ?? false,
    reportMissing: report_missing ?? undefined,
  }
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'base64')

const parseJson = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch (cause) {
    throw new MalformedProteusMessage('not JSON', cause)
  }
}

/** rules.md §10: what the body says wins; what nobody says is to report all. `false` is a list of nobody. */
const strategyOf = (
  reportMissing: readonly UserId[] | undefined,
  { ignoreMissing, reportMissing: reportFlag }: LegacyFlags,
  domain: Domain,
): MismatchStrategy => {
  const qualified = (ids: readonly UserId[]) => ids.map((id) => ({ domain, id }))
  if (reportMissing) return { kind: 'report-only', users: qualified(reportMissing) }
  if (ignoreMissing !== undefined) {
    const users = readFlag(ignoreMissing)
    return users === 'all' ? { kind: 'ignore-all' } : { kind: 'ignore-only', users: qualified(users) }
  }
  const users = reportFlag === undefined ? 'all' : readFlag(reportFlag)
  return users === 'all' ? { kind: 'report-all' } : { kind: 'report-only', users: qualified(users) }
}

const readFlag = (text: string): 'all' | UserId[] => {
  if (text === '' || text === 'true') return 'all'
  if (text === 'false') return []
  const ids = text.split(',').map((id) => UserId.safeParse(id))
  if (ids.length > PROTEUS_STRATEGY_USERS_MAX) throw new MalformedProteusMessage('too many users')
  return ids.map((id) => {
    if (!id.success) throw new MalformedProteusMessage('a flag is neither true nor false nor a list of users')
    return id.data
  })
}

/** What concerns our own users; such apps know no others. */
export const legacyStatus = (status: MessageSendingStatus, domain: Domain): LegacySendingStatus => ({
  time: status.time,
  missing: status.missing[domain] ?? {},
  redundant: status.redundant[domain] ?? {},
  deleted: status.deleted[domain] ?? {},
})
