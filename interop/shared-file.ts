/** A file as apps share it: encrypted, uploaded, and described in a message by all that is needed to read it. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import messages from '@wireapp/protocol-messaging/web/messages.js'

/** What the message says of it. */
export interface SharedFile {
  readonly key: string
  readonly domain: string
  readonly token: string
  readonly otrKey: Uint8Array
  readonly sha256: Uint8Array
}

export interface EncryptedFile extends Pick<SharedFile, 'otrKey' | 'sha256'> {
  readonly bytes: Uint8Array
}

const CIPHER = 'aes-256-cbc'
const KEY_BYTES = 32
const IV_BYTES = 16

/** The initialisation vector, then AES-256-CBC with PKCS#7: 32 bytes more at most. */
export function encryptFile(file: Uint8Array): EncryptedFile {
  const [otrKey, iv] = [randomBytes(KEY_BYTES), randomBytes(IV_BYTES)]
  const cipher = createCipheriv(CIPHER, otrKey, iv)
  const bytes = Buffer.concat([iv, cipher.update(file), cipher.final()])
  return { bytes, otrKey, sha256: createHash('sha256').update(bytes).digest() }
}

export function decryptFile(bytes: Uint8Array, { otrKey, sha256 }: Pick<SharedFile, 'otrKey' | 'sha256'>): Buffer {
  if (!createHash('sha256').update(bytes).digest().equals(sha256))
    throw new Error('these are not the bytes of the file')
  const decipher = createDecipheriv(CIPHER, otrKey, bytes.subarray(0, IV_BYTES))
  return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES)), decipher.final()])
}

export function encodeFile({ key, domain, token, otrKey, sha256 }: SharedFile): Uint8Array {
  const uploaded = { assetId: key, assetDomain: domain, assetToken: token, otrKey, sha256 }
  const original = { mimeType: 'image/png', size: 1 }
  return messages.GenericMessage.encode({ messageId: crypto.randomUUID(), asset: { original, uploaded } }).finish()
}

export function decodeFile(plaintext: Uint8Array): SharedFile | undefined {
  const uploaded = messages.GenericMessage.decode(plaintext).asset?.uploaded
  if (!uploaded) return undefined
  const { assetId, assetDomain, assetToken, otrKey, sha256 } = uploaded
  return { key: assetId ?? '', domain: assetDomain ?? '', token: assetToken ?? '', otrKey, sha256 }
}
