import type { ClientHandler } from '../handler.ts'

interface Needs {
  /** Raw Ed25519 public key, Base64. */
  readonly removalKey: string
}

export const getMlsPublicKeys =
  ({ removalKey }: Needs): ClientHandler<'get-mls-public-keys'> =>
  async ({ query }) => {
    if (query.format !== 'jwk') return { outcome: 'found', body: { removal: { ed25519: removalKey } } }
    const x = Buffer.from(removalKey, 'base64').toString('base64url')
    return { outcome: 'found-jwk', body: { removal: { ed25519: { kty: 'OKP', crv: 'Ed25519', x } } } }
  }
