/**
 * The protobuf body of a Proteus message (federation-api Appendix D), written with the bare wire encoder: five
 * nested messages do not justify generated code. What is "encrypted" here is opaque to every backend.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

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
  const writer = new BinaryWriter()
  nested(writer, 1, (to) => clientId(to, message.sender))
  for (const [domain, users] of Object.entries(message.recipients)) {
    nested(writer, 2, (to) => qualifiedUserEntry(to, domain, users))
  }
  if (message.nativePush !== undefined) writer.tag(3, WireType.Varint).bool(message.nativePush)
  if (message.blob !== undefined) writer.tag(4, WireType.LengthDelimited).bytes(message.blob)
  if (message.transient !== undefined) writer.tag(6, WireType.Varint).bool(message.transient)
  strategy(writer, message.strategy ?? 'report_all')
  return writer.finish()
}

function strategy(writer: BinaryWriter, chosen: Strategy): void {
  if (chosen === 'report_all') return nested(writer, 7, () => undefined)
  if (chosen === 'ignore_all') return nested(writer, 8, () => undefined)
  const [field, users] =
    'report_only' in chosen ? ([9, chosen.report_only] as const) : ([10, chosen.ignore_only] as const)
  nested(writer, field, (to) => {
    for (const user of users) nested(to, 1, (inner) => qualifiedUserId(inner, user))
  })
}

/** Unlike everywhere else in this message, the id is text here. */
function qualifiedUserId(writer: BinaryWriter, { id, domain }: Qualified): void {
  writer.tag(1, WireType.LengthDelimited).string(id)
  writer.tag(2, WireType.LengthDelimited).string(domain)
}

function qualifiedUserEntry(writer: BinaryWriter, domain: string, users: Ciphertexts[string]): void {
  writer.tag(1, WireType.LengthDelimited).string(domain)
  for (const [user, clients] of Object.entries(users)) {
    nested(writer, 2, (entry) => {
      nested(entry, 1, (to) => to.tag(1, WireType.LengthDelimited).bytes(uuidBytes(user)))
      for (const [client, text] of Object.entries(clients)) {
        nested(entry, 2, (to) => {
          nested(to, 1, (inner) => clientId(inner, client))
          to.tag(2, WireType.LengthDelimited).bytes(text)
        })
      }
    })
  }
}

function clientId(writer: BinaryWriter, client: string): void {
  writer.tag(1, WireType.Varint).uint64(BigInt(`0x${client}`))
}

function uuidBytes(uuid: string): Uint8Array {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

function nested(writer: BinaryWriter, field: number, write: (writer: BinaryWriter) => unknown): void {
  writer.tag(field, WireType.LengthDelimited).fork()
  write(writer)
  writer.join()
}
