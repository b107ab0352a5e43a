/** What an app gives to be sent, in plain records, and as the bytes of a request (`rpc/proteus.ts`). */
import { ClientId, Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { encodeProteusMessage as encode, type MismatchStrategy } from '#src/rpc/proteus.ts'

/** Domain, then user, then client (hex), then what this client shall get. */
export type Ciphertexts = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>>>

/** Which missing clients block the message: all, none, or those of the listed users. */
export type Strategy =
  | 'report_all'
  | 'ignore_all'
  | { readonly report_only: readonly Qualified[] }
  | { readonly ignore_only: readonly Qualified[] }

interface Qualified {
  readonly id: string
  readonly domain: string
}

export interface ProteusMessage {
  /** Client id in hexadecimal, as everywhere in JSON. */
  readonly sender: string
  readonly recipients: Ciphertexts
  readonly strategy?: Strategy
  readonly transient?: boolean
  readonly nativePush?: boolean
  readonly blob?: Uint8Array
}

export function encodeProteusMessage(message: ProteusMessage): Uint8Array {
  const { sender, recipients, strategy = 'report_all', transient = false, nativePush = true, blob } = message
  return encode({
    sender: ClientId.parse(sender),
    recipients: mapOf(recipients, Domain.parse, (users) =>
      mapOf(users, UserId.parse, (clients) => mapOf(clients, ClientId.parse, (text) => text)),
    ),
    strategy: strategyOf(strategy),
    priority: undefined,
    blob: blob ?? new Uint8Array(),
    transient,
    nativePush,
  })
}

function strategyOf(strategy: Strategy): MismatchStrategy {
  if (strategy === 'report_all') return { kind: 'report-all' }
  if (strategy === 'ignore_all') return { kind: 'ignore-all' }
  if ('report_only' in strategy)
    return { kind: 'report-only', users: QualifiedUserId.array().parse(strategy.report_only) }
  return { kind: 'ignore-only', users: QualifiedUserId.array().parse(strategy.ignore_only) }
}

function mapOf<K, From, To>(
  record: Readonly<Record<string, From>>,
  key: (text: string) => K,
  value: (from: From) => To,
): Map<K, To> {
  return new Map(Object.entries(record).map(([text, from]) => [key(text), value(from)]))
}
