/** Reading a Proteus message strictly: what is missing, mistyped or too much is refused, what is unknown is skipped. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { type ClientId, Domain, type QualifiedUserId, UserId } from '#src/contract/ids.ts'
import {
  PROTEUS_CLIENTS_MAX,
  PROTEUS_CLIENTS_PER_USER_MAX,
  PROTEUS_STRATEGY_USERS_MAX,
  PROTEUS_TEXT_BYTES_MAX,
} from '#src/contract/limits.ts'
import { type MismatchStrategy, type ProteusMessage, STRATEGY_FIELDS } from './proteus.ts'
import type { MessagePriority } from '#src/contract/vocabulary.ts'

/** The bytes are not such a message. The text says what is wrong without repeating any of it. */
export class MalformedProteusMessage extends Error {
  constructor(problem: string, cause?: unknown) {
    super(problem, cause === undefined ? undefined : { cause })
    this.name = 'MalformedProteusMessage'
  }
}

/** Throws {@link MalformedProteusMessage}. The ciphertexts are views into `bytes`, not copies. */
export const decodeProteusMessage = (bytes: Uint8Array): ProteusMessage => strictly(() => readMessage(bytes))

/** COMPAT(v0): a message to users of one backend, and whose missing clients are to be reported, if it says. */
export interface OldProteusMessage extends Omit<ProteusMessage, 'recipients' | 'strategy'> {
  readonly recipients: ReadonlyMap<UserId, ReadonlyMap<ClientId, Uint8Array>>
  readonly reportMissing: readonly UserId[] | undefined
}

/** `NewOtrMessage` (client-conversations.md §8). */
export const decodeOldProteusMessage = (bytes: Uint8Array): OldProteusMessage => strictly(() => readOldMessage(bytes))

const strictly = <T>(read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedProteusMessage) throw error
    // The reader's own errors: varints and lengths that run past the end, broken UTF-8.
    throw new MalformedProteusMessage('not a protobuf message', error)
  }
}

const readMessage = (bytes: Uint8Array): ProteusMessage => {
  const reader = new BinaryReader(bytes)
  const recipients: Recipients = { byDomain: new Map(), clients: 0 }
  let strategy: MismatchStrategy | undefined
  // One of the four; as in every protobuf oneof the last on the wire counts.
  const strategyField = (kind: MismatchStrategy['kind']): Field => [
    WireType.LengthDelimited,
    () => void (strategy = readStrategy(reader, kind)),
  ]
  const common = readCommon(reader, {
    2: [WireType.LengthDelimited, () => readDomainEntry(reader, recipients)],
    [STRATEGY_FIELDS['report-all']]: strategyField('report-all'),
    [STRATEGY_FIELDS['ignore-all']]: strategyField('ignore-all'),
    [STRATEGY_FIELDS['report-only']]: strategyField('report-only'),
    [STRATEGY_FIELDS['ignore-only']]: strategyField('ignore-only'),
  })
  return { ...common, recipients: recipients.byDomain, strategy: required(strategy, 'mismatch strategy') }
}

const readOldMessage = (bytes: Uint8Array): OldProteusMessage => {
  const reader = new BinaryReader(bytes)
  const counted: Recipients = { byDomain: new Map(), clients: 0 }
  const recipients = new Map<UserId, Texts>()
  let reportMissing: UserId[] | undefined
  const common = readCommon(reader, {
    2: [WireType.LengthDelimited, () => join(recipients, [readUserEntry(reader, counted)])],
    7: [
      WireType.LengthDelimited,
      () => {
        reportMissing ??= []
        if (reportMissing.length === PROTEUS_STRATEGY_USERS_MAX) throw new MalformedProteusMessage('too many users')
        reportMissing.push(readUserId(reader))
      },
    ],
  })
  return { ...common, recipients, reportMissing }
}

/** The fields that both forms have. */
const readCommon = (
  reader: BinaryReader,
  own: Readonly<Record<number, Field>>,
): Omit<ProteusMessage, 'recipients' | 'strategy'> => {
  let sender: ClientId | undefined
  let nativePush = true
  let blob: Uint8Array = new Uint8Array()
  let priority: MessagePriority | undefined
  let transient = false
  readFields(reader, reader.len, {
    1: [WireType.LengthDelimited, () => void (sender = readClientId(reader))],
    3: [WireType.Varint, () => void (nativePush = reader.bool())],
    4: [WireType.LengthDelimited, () => void (blob = readText(reader))],
    5: [WireType.Varint, () => void (priority = PRIORITIES[reader.int32()] ?? priority)],
    6: [WireType.Varint, () => void (transient = reader.bool())],
    ...own,
  })
  return { sender: required(sender, 'sender'), nativePush, blob, priority, transient }
}

// A value we do not know counts as a field we do not know (proto2 on enumerations).
const PRIORITIES: Readonly<Record<number, MessagePriority>> = { 1: 'low', 2: 'high' }

type Field = readonly [WireType, () => void]

/** Reads one message that ends at `end`; fields without a reader are skipped. */
const readFields = (reader: BinaryReader, end: number, fields: Readonly<Record<number, Field>>): void => {
  while (reader.pos < end) {
    const [number, wireType] = reader.tag()
    const field = fields[number]
    if (!field) {
      reader.skip(wireType, number)
    } else if (field[0] !== wireType) {
      throw new MalformedProteusMessage(`field ${number} has the wrong wire type`)
    } else {
      field[1]()
    }
  }
  if (reader.pos !== end) throw new MalformedProteusMessage('a field reaches beyond its message')
}

const readNested = (reader: BinaryReader, fields: Readonly<Record<number, Field>>): void => {
  const length = reader.uint32()
  readFields(reader, reader.pos + length, fields)
}

type Texts = Map<ClientId, Uint8Array>

interface Recipients {
  readonly byDomain: Map<Domain, Map<UserId, Texts>>
  clients: number
}

/** The same domain, user or client may come twice: entries are joined, of two texts the later counts. */
const readDomainEntry = (reader: BinaryReader, recipients: Recipients): void => {
  let domain: Domain | undefined
  const users: (readonly [UserId, Texts])[] = []
  readNested(reader, {
    1: [WireType.LengthDelimited, () => void (domain = parsed(Domain, reader.string(true), 'domain'))],
    2: [WireType.LengthDelimited, () => void users.push(readUserEntry(reader, recipients))],
  })
  const found = required(domain, 'domain')
  const known = recipients.byDomain.get(found) ?? new Map<UserId, Texts>()
  recipients.byDomain.set(found, known)
  join(known, users)
}

const join = (known: Map<UserId, Texts>, users: readonly (readonly [UserId, Texts])[]): void => {
  for (const [user, texts] of users) {
    const earlier = known.get(user)
    const all = earlier ? new Map([...earlier, ...texts]) : texts
    if (all.size > PROTEUS_CLIENTS_PER_USER_MAX) throw new MalformedProteusMessage('too many clients of one user')
    known.set(user, all)
  }
}

const readUserEntry = (reader: BinaryReader, recipients: Recipients): readonly [UserId, Texts] => {
  let user: UserId | undefined
  const texts: Texts = new Map()
  readNested(reader, {
    1: [WireType.LengthDelimited, () => void (user = readUserId(reader))],
    2: [
      WireType.LengthDelimited,
      () => {
        recipients.clients += 1
        if (recipients.clients > PROTEUS_CLIENTS_MAX) throw new MalformedProteusMessage('too many recipients')
        readClientEntry(reader, texts)
      },
    ],
  })
  return [required(user, 'user'), texts]
}

const readClientEntry = (reader: BinaryReader, texts: Texts): void => {
  let client: ClientId | undefined
  let text: Uint8Array | undefined
  readNested(reader, {
    1: [WireType.LengthDelimited, () => void (client = readClientId(reader))],
    2: [WireType.LengthDelimited, () => void (text = readText(reader))],
  })
  texts.set(required(client, 'client'), required(text, 'text'))
}

/** Encrypted, so any bytes; but not more than we could pass on. */
const readText = (reader: BinaryReader): Uint8Array => {
  const text = reader.bytes()
  if (text.length > PROTEUS_TEXT_BYTES_MAX) throw new MalformedProteusMessage('a text is too long')
  return text
}

const readClientId = (reader: BinaryReader): ClientId => {
  let client: ClientId | undefined
  // A number here, hexadecimal text everywhere else: this is the canonical spelling of ClientId.
  readNested(reader, {
    1: [WireType.Varint, () => void (client = BigInt(reader.uint64()).toString(16) as ClientId)],
  })
  return required(client, 'client')
}

const UUID_BYTES = 16

const readUserId = (reader: BinaryReader): UserId => {
  let user: UserId | undefined
  readNested(reader, { 1: [WireType.LengthDelimited, () => void (user = userIdOf(reader.bytes()))] })
  return required(user, 'user')
}

const userIdOf = (bytes: Uint8Array): UserId => {
  if (bytes.length !== UUID_BYTES) throw new MalformedProteusMessage('a user id is not 16 bytes long')
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return groups.join('-') as UserId
}

const readStrategy = (reader: BinaryReader, kind: MismatchStrategy['kind']): MismatchStrategy => {
  if (kind === 'report-all' || kind === 'ignore-all') {
    readNested(reader, {})
    return { kind }
  }
  const users: QualifiedUserId[] = []
  readNested(reader, {
    1: [
      WireType.LengthDelimited,
      () => {
        if (users.length === PROTEUS_STRATEGY_USERS_MAX) throw new MalformedProteusMessage('too many users')
        users.push(readQualifiedUserId(reader))
      },
    ],
  })
  return { kind, users }
}

const readQualifiedUserId = (reader: BinaryReader): QualifiedUserId => {
  let id: UserId | undefined
  let domain: Domain | undefined
  readNested(reader, {
    1: [WireType.LengthDelimited, () => void (id = parsed(UserId, reader.string(true), 'user'))],
    2: [WireType.LengthDelimited, () => void (domain = parsed(Domain, reader.string(true), 'domain'))],
  })
  return { domain: required(domain, 'domain'), id: required(id, 'user') }
}

interface Schema<T> {
  safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false }
}

const parsed = <T>(schema: Schema<T>, value: string, what: string): T => {
  const result = schema.safeParse(value)
  if (!result.success) throw new MalformedProteusMessage(`a ${what} is malformed`)
  return result.data
}

const required = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new MalformedProteusMessage(`the ${what} is missing`)
  return value
}
