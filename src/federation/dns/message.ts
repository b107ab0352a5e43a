/**
 * Questions that are hard to answer for somebody who cannot see them. A forger must guess the id and the port
 * (RFC 5452), and the case of every letter of the name: servers copy the name of a question as it was written, so
 * an answer in any other case is not to be believed (the "0x20" practice). No EDNS: without it a datagram is at
 * most 512 bytes and is not fragmented, so no second fragment can be forged; what does not fit comes over TCP.
 */
import * as packet from 'dns-packet'
import type { Random } from '#src/kit/random.ts'

export type RecordType = 'SRV' | 'A' | 'AAAA'

export interface Question {
  readonly name: string
  readonly type: RecordType
}

export interface Query {
  readonly id: number
  readonly question: Question
  readonly bytes: Uint8Array
}

export const makeQuery = ({ name, type }: Question, random: Random): Query => {
  const id = Buffer.from(random.bytes(2)).readUInt16BE()
  const question = { name: mixCase(name, random), type }
  const bytes = packet.encode({
    type: 'query',
    id,
    flags: packet.RECURSION_DESIRED,
    questions: [{ ...question, class: 'IN' }],
  })
  return { id, question, bytes }
}

const mixCase = (name: string, random: Random): string => {
  const coins = random.bytes(name.length)
  return [...name]
    .map((letter, index) => ((coins[index] ?? 0) & 1 ? letter.toUpperCase() : letter.toLowerCase()))
    .join('')
}

/**
 * `other-case` answers our question but not in our spelling: either forged, or from a server that does not copy
 * names. TCP tells which, because there a forger would have to see the connection.
 */
export type Reading =
  | { readonly is: 'reply' | 'other-case'; readonly reply: packet.DecodedPacket }
  | { readonly is: 'foreign' | 'malformed' }

export const readReply = (query: Query, bytes: Uint8Array): Reading => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length < 2 || buffer.readUInt16BE(0) !== query.id) return { is: 'foreign' }
  const reply = decode(buffer)
  if (!reply) return { is: 'malformed' }
  const [asked, ...more] = reply.questions ?? []
  if (reply.type !== 'response' || !asked || more.length > 0) return { is: 'foreign' }
  const { name, type } = query.question
  if (asked.type !== type || asked.class !== 'IN' || !sameName(asked.name, name)) return { is: 'foreign' }
  return { is: asked.name === name ? 'reply' : 'other-case', reply }
}

export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

const decode = (buffer: Buffer): packet.DecodedPacket | undefined => {
  try {
    return packet.decode(buffer)
  } catch {
    // Whatever the resolver meant, it is not usable; the caller counts it as a failed lookup.
    return undefined
  }
}
