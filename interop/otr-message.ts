/** The protobuf messages that a stock client builds: the envelope for the backend and the text inside it. */
import messages from '@wireapp/protocol-messaging/web/messages.js'
import otr from '@wireapp/protocol-messaging/web/otr.js'

export interface Ciphertext {
  readonly domain: string
  readonly user: string
  readonly client: string
  readonly text: Uint8Array
}

/** Refused as long as a device of a member is missing from it, which is what stock clients ask for. */
export function otrMessage(sender: string, ciphertexts: readonly Ciphertext[]): otr.proteus.QualifiedNewOtrMessage {
  const byDomain = Map.groupBy(ciphertexts, ({ domain }) => domain)
  return otr.proteus.QualifiedNewOtrMessage.fromObject({
    sender: { client: fromHex(sender) },
    recipients: Array.from(byDomain, ([domain, those]) => ({ domain, entries: userEntries(those) })),
    nativePush: true,
    reportAll: {},
  })
}

function userEntries(ciphertexts: readonly Ciphertext[]): object[] {
  return Array.from(
    Map.groupBy(ciphertexts, ({ user }) => user),
    ([user, those]) => ({
      user: { uuid: Buffer.from(user.replaceAll('-', ''), 'hex') },
      clients: those.map(({ client, text }) => ({ client: { client: fromHex(client) }, text })),
    }),
  )
}

/** A 64-bit number in the halves that protobufjs takes. */
function fromHex(client: string): { low: number; high: number; unsigned: true } {
  const number = BigInt(`0x${client}`)
  return { low: Number(BigInt.asIntN(32, number)), high: Number(BigInt.asIntN(32, number >> 32n)), unsigned: true }
}

export function encodeText(text: string): Uint8Array {
  return messages.GenericMessage.encode({ messageId: crypto.randomUUID(), text: { content: text } }).finish()
}

export function encodeReadReceipt(firstMessageId: string): Uint8Array {
  const confirmation = { type: messages.Confirmation.Type.READ, firstMessageId }
  return messages.GenericMessage.encode({ messageId: crypto.randomUUID(), confirmation }).finish()
}

export interface Decoded {
  readonly text?: string
  readonly messageId: string
  readonly hasRead?: string
}

export function decodeText(plaintext: Uint8Array): Decoded {
  const { messageId, text, confirmation } = messages.GenericMessage.decode(plaintext)
  const isRead = confirmation?.type === messages.Confirmation.Type.READ
  return isRead ? { messageId, hasRead: confirmation.firstMessageId } : { messageId, text: text?.content ?? '' }
}
