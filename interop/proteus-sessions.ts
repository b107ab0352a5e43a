/** What a stock client keeps of Proteus: its identity, its prekeys, and a session with every device it talks to. */
import { errors, init, keys, message, session } from '@wireapp/proteus'

/** Number of the prekey that is handed out when all others are used up, and never deleted. */
const LAST_RESORT = keys.PreKey.MAX_PREKEY_ID

export interface PublishedPrekey {
  readonly id: number
  readonly key: string
}

export class ProteusSessions {
  readonly #identity: keys.IdentityKeyPair
  readonly #prekeys: Map<number, keys.PreKey>
  readonly #sessions = new Map<string, session.Session>()

  private constructor(identity: keys.IdentityKeyPair, prekeys: readonly keys.PreKey[]) {
    this.#identity = identity
    this.#prekeys = new Map(prekeys.map((prekey) => [prekey.key_id, prekey]))
  }

  static async create(prekeyCount: number): Promise<ProteusSessions> {
    await init()
    const prekeys = keys.PreKey.generate_prekeys(0, prekeyCount)
    return new ProteusSessions(new keys.IdentityKeyPair(), [...prekeys, keys.PreKey.last_resort()])
  }

  /** For the backend: without the secret halves. */
  published(): { readonly prekeys: PublishedPrekey[]; readonly lastkey: PublishedPrekey } {
    const all = Array.from(this.#prekeys.values(), (prekey) => ({
      id: prekey.key_id,
      key: toBase64(new keys.PreKeyBundle(this.#identity.public_key, prekey).serialise()),
    }))
    const lastkey = all.find(({ id }) => id === LAST_RESORT)
    if (!lastkey) throw new Error('the last resort prekey is gone')
    return { prekeys: all.filter(({ id }) => id !== LAST_RESORT), lastkey }
  }

  knows(device: string): boolean {
    return this.#sessions.has(device)
  }

  /** With a prekey that the backend handed out for `device`. */
  begin(device: string, prekey: PublishedPrekey): void {
    const bundle = keys.PreKeyBundle.deserialise(fromBase64(prekey.key))
    this.#sessions.set(device, session.Session.init_from_prekey(this.#identity, bundle))
  }

  encrypt(device: string, plaintext: Uint8Array): Uint8Array {
    const established = this.#sessions.get(device)
    if (!established) throw new Error(`no session with ${device}`)
    return new Uint8Array(session.Session.encrypt(established, plaintext).serialise())
  }

  /** Undefined for what was decrypted before: a message may come by the socket and by catching up. */
  async decrypt(device: string, ciphertext: string): Promise<Uint8Array | undefined> {
    try {
      return await this.#decryptFirst(device, ciphertext)
    } catch (error) {
      if (error instanceof errors.DecryptError.DuplicateMessage) return undefined
      throw error
    }
  }

  async #decryptFirst(device: string, ciphertext: string): Promise<Uint8Array> {
    const envelope = message.Envelope.deserialise(fromBase64(ciphertext))
    const established = this.#sessions.get(device)
    if (established) return established.decrypt(this.#store, envelope)
    const [begun, plaintext] = await session.Session.init_from_message(this.#identity, this.#store, envelope)
    this.#sessions.set(device, begun)
    return plaintext
  }

  readonly #store: session.PreKeyStore = {
    load_prekey: async (id) => this.#prekeys.get(id),
    delete_prekey: async (id) => {
      if (id !== LAST_RESORT) this.#prekeys.delete(id)
      return id
    },
  }
}

const toBase64 = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString('base64')

function fromBase64(text: string): ArrayBuffer {
  const bytes = Buffer.from(text, 'base64')
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
}
