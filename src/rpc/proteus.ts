/**
 * A Proteus message as a client writes it: `QualifiedNewOtrMessage`, protobuf, syntax proto2 (federation-api.md,
 * Appendix D). It travels unchanged from the client to the backend that owns the conversation, and only that one
 * reads it (`proteus-reader.ts`). Writing it is for clients: our own local world, tests and benchmarks.
 *
 * By hand over the wire primitives instead of generated: strict decoding (required fields, exact wire types, bounds)
 * is what a backend needs here, and generated readers of proto2 do not give it.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { ClientId, Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { MessagePriority } from '#src/contract/vocabulary.ts'

/** Ciphertexts by domain, user and client. */
export type ProteusRecipients = ReadonlyMap<Domain, ReadonlyMap<UserId, ReadonlyMap<ClientId, Uint8Array>>>

/** Which clients that the sender forgot keep the message from being sent. */
export type MismatchStrategy =
  | { readonly kind: 'report-all' }
  | { readonly kind: 'ignore-all' }
  | { readonly kind: 'report-only'; readonly users: readonly QualifiedUserId[] }
  | { readonly kind: 'ignore-only'; readonly users: readonly QualifiedUserId[] }

export interface ProteusMessage {
  readonly sender: ClientId
  readonly recipients: ProteusRecipients
  readonly nativePush: boolean
  /** What all recipients get alike, next to their own ciphertext; empty when the client sent none. */
  readonly blob: Uint8Array
  readonly priority: MessagePriority | undefined
  readonly transient: boolean
  readonly strategy: MismatchStrategy
}

export const encodeProteusMessage = (message: ProteusMessage): Uint8Array => {
  const writer = new BinaryWriter()
  nested(writer, 1, () => writeClientId(writer, message.sender))
  for (const [domain, users] of message.recipients) {
    nested(writer, 2, () => writeDomainEntry(writer, domain, users))
  }
  writer.tag(3, WireType.Varint).bool(message.nativePush)
  if (message.blob.length > 0) writer.tag(4, WireType.LengthDelimited).bytes(message.blob)
  if (message.priority) writer.tag(5, WireType.Varint).int32(message.priority === 'low' ? 1 : 2)
  writer.tag(6, WireType.Varint).bool(message.transient)
  const { strategy } = message
  nested(writer, STRATEGY_FIELDS[strategy.kind], () => {
    if ('users' in strategy) for (const user of strategy.users) writeQualifiedUserId(writer, user)
  })
  return writer.finish()
}

export const STRATEGY_FIELDS = {
  'report-all': 7,
  'ignore-all': 8,
  'report-only': 9,
  'ignore-only': 10,
} as const satisfies Record<MismatchStrategy['kind'], number>

const nested = (writer: BinaryWriter, field: number, write: () => void): void => {
  writer.tag(field, WireType.LengthDelimited).fork()
  write()
  writer.join()
}

const writeDomainEntry = (
  writer: BinaryWriter,
  domain: Domain,
  users: ReadonlyMap<UserId, ReadonlyMap<ClientId, Uint8Array>>,
): void => {
  writer.tag(1, WireType.LengthDelimited).string(domain)
  for (const [user, texts] of users) {
    nested(writer, 2, () => {
      nested(writer, 1, () => {
        writer.tag(1, WireType.LengthDelimited).bytes(Buffer.from(user.replaceAll('-', ''), 'hex'))
      })
      for (const [client, text] of texts) {
        nested(writer, 2, () => {
          nested(writer, 1, () => writeClientId(writer, client))
          writer.tag(2, WireType.LengthDelimited).bytes(text)
        })
      }
    })
  }
}

/** A number here, hexadecimal text everywhere else. */
const writeClientId = (writer: BinaryWriter, client: ClientId): void => {
  writer.tag(1, WireType.Varint).uint64(BigInt(`0x${client}`))
}

const writeQualifiedUserId = (writer: BinaryWriter, { id, domain }: QualifiedUserId): void => {
  nested(writer, 1, () => {
    writer.tag(1, WireType.LengthDelimited).string(id)
    writer.tag(2, WireType.LengthDelimited).string(domain)
  })
}
