/**
 * Ids of conversations that follow from who is in them, so that backends, or two requests at once, arrive at the
 * same conversation without asking each other. Every bit matters.
 */
import { createHash } from 'node:crypto'
import { ConversationId, type QualifiedConversationId, type QualifiedUserId, type UserId } from '#src/contract/ids.ts'
import type { BaseProtocol } from '#src/contract/vocabulary.ts'

const ONE_TO_ONE_NAMESPACES: Readonly<Record<BaseProtocol, string>> = {
  proteus: '9a51edb8-060c-0d9a-0c29-50a85d152982',
  mls: '95589dd5-b045-40dc-a6aa-dd9c4fad1c2f',
}

const MLS_SELF_NAMESPACE = '3eac2a2c-3850-510b-bd08-8a98e80dd4d9'

/**
 * Id and owner of a conversation of two across backends, and of every MLS one (federation-api.md Appendix B). User
 * ids enter the hash as text. The order of the arguments does not matter.
 */
export const derivedOneToOne = (
  protocol: BaseProtocol,
  one: QualifiedUserId,
  other: QualifiedUserId,
): QualifiedConversationId => {
  const [first, second] = isBefore(one, other) ? [one, other] : [other, one]
  const hash = createHash('sha256')
    .update(bytesOf(ONE_TO_ONE_NAMESPACES[protocol]))
    .update(first.id + first.domain + second.id + second.domain)
    .digest()
  const { domain } = (hash[16] ?? 0) < 0x80 ? first : second
  return { domain, id: conversationId(hash.subarray(0, 16), 5) }
}

/**
 * Proteus between two users of one backend: the sum of both ids, in four words of 32 bits without carry
 * (client-users.md §7.4). The order of the arguments does not matter.
 */
export const localOneToOne = (one: UserId, other: UserId): ConversationId => {
  const sum = bytesOf(one)
  const addend = bytesOf(other)
  for (let offset = 0; offset < sum.length; offset += 4) {
    sum.writeUInt32BE((sum.readUInt32BE(offset) + addend.readUInt32BE(offset)) % 2 ** 32, offset)
  }
  return conversationId(sum, 4)
}

/** The Proteus conversation of a user with himself has the user's id. */
export const proteusSelf = (user: UserId): ConversationId => ConversationId.parse(user)

/** UUID of version 5 (RFC 9562 §5.5) whose name is the 16 bytes of the user's id. */
export const mlsSelf = (user: UserId): ConversationId => {
  const hash = createHash('sha1').update(bytesOf(MLS_SELF_NAMESPACE)).update(bytesOf(user)).digest()
  return conversationId(hash.subarray(0, 16), 5)
}

// Text order is the required one: domains are ASCII, and ids are hexadecimal of one length in lower case.
const isBefore = (one: QualifiedUserId, other: QualifiedUserId): boolean =>
  one.domain === other.domain ? one.id < other.id : one.domain < other.domain

const bytesOf = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex')

const conversationId = (bytes: Uint8Array, version: number): ConversationId => {
  const uuid = Buffer.from(bytes)
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | (version << 4), 6)
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8)
  return ConversationId.parse(uuid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
}
