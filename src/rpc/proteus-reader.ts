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

/** How one field of a message is read into what is made of it. */
type Field<Into> = readonly [WireType, (reader: BinaryReader, into: Into) => void]

/** By number. Made once and not per message: a message has more parts than there are kinds of them. */
type Fields<Into> = Readonly<Record<number, Field<Into>>>

/** Reads one message that ends at `end`; fields without a reader are skipped. */
const readFields = <Into>(reader: BinaryReader, end: number, fields: Fields<Into>, into: Into): Into => {
  while (reader.pos < end) {
    const [number, wireType] = reader.tag()
    const field = fields[number]
    if (!field) {
      reader.skip(wireType, number)
    } else if (field[0] !== wireType) {
      throw new MalformedProteusMessage(`field ${number} has the wrong wire type`)
    } else {
      field[1](reader, into)
    }
  }
  if (reader.pos !== end) throw new MalformedProteusMessage('a field reaches beyond its message')
  return into
}

const readNested = <Into>(reader: BinaryReader, fields: Fields<Into>, into: Into): Into => {
  const length = reader.uint32()
  return readFields(reader, reader.pos + length, fields, into)
}

interface Common {
  sender: ClientId | undefined
  nativePush: boolean
  blob: Uint8Array
  priority: MessagePriority | undefined
  transient: boolean
  /** Of all users together. */
  clients: number
}

const NOTHING_COMMON: Readonly<Common> = {
  sender: undefined,
  nativePush: true,
  blob: new Uint8Array(),
  priority: undefined,
  transient: false,
  clients: 0,
}

/** The fields that both forms have. */
const COMMON: Fields<Common> = {
  1: [WireType.LengthDelimited, (reader, into) => void (into.sender = readClientId(reader))],
  3: [WireType.Varint, (reader, into) => void (into.nativePush = reader.bool())],
  4: [WireType.LengthDelimited, (reader, into) => void (into.blob = readText(reader))],
  5: [WireType.Varint, (reader, into) => void (into.priority = PRIORITIES[reader.int32()] ?? into.priority)],
  6: [WireType.Varint, (reader, into) => void (into.transient = reader.bool())],
}

// A value we do not know counts as a field we do not know (proto2 on enumerations).
const PRIORITIES: Readonly<Record<number, MessagePriority>> = { 1: 'low', 2: 'high' }

const commonOf = ({ sender, nativePush, blob, priority, transient }: Common) => ({
  sender: required(sender, 'sender'),
  nativePush,
  blob,
  priority,
  transient,
})

interface New extends Common {
  readonly recipients: Map<Domain, Map<UserId, Texts>>
  strategy: MismatchStrategy | undefined
}

// One of the four; as in every protobuf oneof the last on the wire counts.
const strategyField = (kind: MismatchStrategy['kind']): Field<New> => [
  WireType.LengthDelimited,
  (reader, into) => void (into.strategy = readStrategy(reader, kind)),
]

const NEW: Fields<New> = {
  ...COMMON,
  2: [WireType.LengthDelimited, (reader, into) => readDomainEntry(reader, into)],
  [STRATEGY_FIELDS['report-all']]: strategyField('report-all'),
  [STRATEGY_FIELDS['ignore-all']]: strategyField('ignore-all'),
  [STRATEGY_FIELDS['report-only']]: strategyField('report-only'),
  [STRATEGY_FIELDS['ignore-only']]: strategyField('ignore-only'),
}

const readMessage = (bytes: Uint8Array): ProteusMessage => {
  const reader = new BinaryReader(bytes)
  const into: New = { ...NOTHING_COMMON, recipients: new Map(), strategy: undefined }
  const { recipients, strategy } = readFields(reader, reader.len, NEW, into)
  return { ...commonOf(into), recipients, strategy: required(strategy, 'mismatch strategy') }
}

interface Old extends Common {
  readonly recipients: Map<UserId, Texts>
  reportMissing: UserId[] | undefined
}

const OLD: Fields<Old> = {
  ...COMMON,
  2: [WireType.LengthDelimited, (reader, into) => join(into.recipients, readUserEntry(reader, into))],
  7: [
    WireType.LengthDelimited,
    (reader, into) => {
      into.reportMissing ??= []
      if (into.reportMissing.length === PROTEUS_STRATEGY_USERS_MAX) throw new MalformedProteusMessage('too many users')
      into.reportMissing.push(readUserId(reader))
    },
  ],
}

const readOldMessage = (bytes: Uint8Array): OldProteusMessage => {
  const reader = new BinaryReader(bytes)
  const into: Old = { ...NOTHING_COMMON, recipients: new Map(), reportMissing: undefined }
  const { recipients, reportMissing } = readFields(reader, reader.len, OLD, into)
  return { ...commonOf(into), recipients, reportMissing }
}

type Texts = Map<ClientId, Uint8Array>

interface DomainEntry {
  readonly message: Common
  domain: Domain | undefined
  readonly users: UserEntry[]
}

const DOMAIN_ENTRY: Fields<DomainEntry> = {
  1: [WireType.LengthDelimited, (reader, into) => void (into.domain = readDomain(reader))],
  2: [WireType.LengthDelimited, (reader, into) => void into.users.push(readUserEntry(reader, into.message))],
}

/** The same domain, user or client may come twice: entries are joined, of two texts the later counts. */
const readDomainEntry = (reader: BinaryReader, message: New): void => {
  const entry = readNested<DomainEntry>(reader, DOMAIN_ENTRY, { message, domain: undefined, users: [] })
  const domain = required(entry.domain, 'domain')
  const known = message.recipients.get(domain) ?? new Map<UserId, Texts>()
  message.recipients.set(domain, known)
  for (const user of entry.users) join(known, user)
}

const join = (known: Map<UserId, Texts>, { user, texts }: UserEntry): void => {
  const found = required(user, 'user')
  const earlier = known.get(found)
  const all = earlier ? new Map([...earlier, ...texts]) : texts
  if (all.size > PROTEUS_CLIENTS_PER_USER_MAX) throw new MalformedProteusMessage('too many clients of one user')
  known.set(found, all)
}

interface UserEntry {
  readonly message: Common
  user: UserId | undefined
  readonly texts: Texts
}

const USER_ENTRY: Fields<UserEntry> = {
  1: [WireType.LengthDelimited, (reader, into) => void (into.user = readUserId(reader))],
  2: [
    WireType.LengthDelimited,
    (reader, { message, texts }) => {
      message.clients += 1
      if (message.clients > PROTEUS_CLIENTS_MAX) throw new MalformedProteusMessage('too many recipients')
      const { client, text } = readNested<ClientEntry>(reader, CLIENT_ENTRY, { client: undefined, text: undefined })
      texts.set(required(client, 'client'), required(text, 'text'))
    },
  ],
}

const readUserEntry = (reader: BinaryReader, message: Common): UserEntry => {
  const entry = readNested<UserEntry>(reader, USER_ENTRY, { message, user: undefined, texts: new Map() })
  required(entry.user, 'user')
  return entry
}

interface ClientEntry {
  client: ClientId | undefined
  text: Uint8Array | undefined
}

const CLIENT_ENTRY: Fields<ClientEntry> = {
  1: [WireType.LengthDelimited, (reader, into) => void (into.client = readClientId(reader))],
  2: [WireType.LengthDelimited, (reader, into) => void (into.text = readText(reader))],
}

/** Encrypted, so any bytes; but not more than we could pass on. */
const readText = (reader: BinaryReader): Uint8Array => {
  const text = reader.bytes()
  if (text.length > PROTEUS_TEXT_BYTES_MAX) throw new MalformedProteusMessage('a text is too long')
  return text
}

/** A message of a single field. */
interface Holding<T> {
  held: T | undefined
}

const CLIENT_ID: Fields<Holding<ClientId>> = {
  // A number here, hexadecimal text everywhere else: this is the canonical spelling of ClientId.
  1: [WireType.Varint, (reader, into) => void (into.held = BigInt(reader.uint64()).toString(16) as ClientId)],
}

const readClientId = (reader: BinaryReader): ClientId =>
  required(readNested<Holding<ClientId>>(reader, CLIENT_ID, { held: undefined }).held, 'client')

const UUID_BYTES = 16

const USER_ID: Fields<Holding<UserId>> = {
  1: [WireType.LengthDelimited, (reader, into) => void (into.held = userIdOf(reader.bytes()))],
}

const readUserId = (reader: BinaryReader): UserId =>
  required(readNested<Holding<UserId>>(reader, USER_ID, { held: undefined }).held, 'user')

const userIdOf = (bytes: Uint8Array): UserId => {
  if (bytes.length !== UUID_BYTES) throw new MalformedProteusMessage('a user id is not 16 bytes long')
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as UserId
}

const STRATEGY_USERS: Fields<QualifiedUserId[]> = {
  1: [
    WireType.LengthDelimited,
    (reader, users) => {
      if (users.length === PROTEUS_STRATEGY_USERS_MAX) throw new MalformedProteusMessage('too many users')
      users.push(readQualifiedUserId(reader))
    },
  ],
}

const readStrategy = (reader: BinaryReader, kind: MismatchStrategy['kind']): MismatchStrategy => {
  if (kind === 'report-only' || kind === 'ignore-only') return { kind, users: readNested(reader, STRATEGY_USERS, []) }
  readNested(reader, {}, undefined)
  return { kind }
}

interface QualifiedEntry {
  id: UserId | undefined
  domain: Domain | undefined
}

const QUALIFIED_USER_ID: Fields<QualifiedEntry> = {
  1: [WireType.LengthDelimited, (reader, into) => void (into.id = parsed(UserId, reader.string(true), 'user'))],
  2: [WireType.LengthDelimited, (reader, into) => void (into.domain = readDomain(reader))],
}

const readQualifiedUserId = (reader: BinaryReader): QualifiedUserId => {
  const { id, domain } = readNested<QualifiedEntry>(reader, QUALIFIED_USER_ID, { id: undefined, domain: undefined })
  return { domain: required(domain, 'domain'), id: required(id, 'user') }
}

const readDomain = (reader: BinaryReader): Domain => parsed(Domain, reader.string(true), 'domain')

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
