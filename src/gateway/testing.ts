/** For tests: keys like brig's, and tokens signed with them. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { ClientId, UserId } from '#src/contract/ids.ts'
import { formatClaims, joinToken, type TokenClaims } from '#src/rpc/access-token-format.ts'

export const ALICE = UserId.parse('6f1e1f2a-0000-4000-8000-00000000abcd')
export const PHONE = ClientId.parse('5d1f0a77c0b4e3a2')

interface TokenWishes {
  readonly expiresAt: number
  readonly client?: ClientId
  readonly connection?: string
}

export interface TestSigner {
  readonly publicKey: { readonly index: number; readonly publicKey: string }
  accessToken(wishes: TokenWishes): string
  cookie(wishes: TokenWishes): string
}

export const testSigner = (index: number): TestSigner => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  const signed = (claims: TokenClaims): string => {
    const text = formatClaims(claims)
    return joinToken(sign(null, Buffer.from(text), privateKey), text)
  }
  const common = ({ expiresAt, client }: TokenWishes) =>
    ({ keyIndex: index, expiresAt, tag: '', user: ALICE, client }) as const
  return {
    publicKey: { index, publicKey: raw.toString('base64') },
    accessToken: (wishes) => signed({ type: 'a', ...common(wishes), connection: wishes.connection ?? '1' }),
    cookie: (wishes) => signed({ type: 'u', ...common(wishes), cookieId: 1 }),
  }
}
