/** For tests: keys like brig's, tokens signed with them, and a gateway whose services only remember. */
import { generateKeyPairSync, sign } from 'node:crypto'
import type { Readable } from 'node:stream'
import { request } from 'undici'
import { ClientId, Domain, Timestamp, UserId } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { systemClock } from '#src/kit/clock.ts'
import { fake } from '#src/kit/http/fake.ts'
import { jsonResponse, type Transport, type WireRequest, type WireResponse } from '#src/kit/http/wire.ts'
import { createLog } from '#src/kit/log.ts'
import { systemRandom } from '#src/kit/random.ts'
import { formatClaims, joinToken, type TokenClaims } from '#src/rpc/access-token-format.ts'
import type { AcceptUpgrade } from '#src/rpc/upgrade.ts'
import { type Gateway, startGateway } from './gateway.ts'

export const ALICE = UserId.parse('6f1e1f2a-0000-4000-8000-00000000abcd')
export const PHONE = ClientId.parse('5d1f0a77c0b4e3a2')
/** The one origin that browsers may come from. */
export const ORIGIN = 'https://app.alpha.test'
/** Unix seconds that no test lives to see. */
export const SOON = Math.floor(systemClock.now().getTime() / 1000) + 600

interface TokenWishes {
  readonly expiresAt: number
  readonly client?: ClientId
  readonly connection?: string
}

export interface TestSigner {
  readonly publicKey: { readonly index: number; readonly publicKey: string }
  accessToken(wishes: TokenWishes): string
  cookie(wishes: TokenWishes): string
  /** Whatever the text claims to be. */
  anything(text: string): string
}

export const testSigner = (index: number): TestSigner => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  const anything = (text: string): string => joinToken(sign(null, Buffer.from(text), privateKey), text)
  const signed = (claims: TokenClaims): string => anything(formatClaims(claims))
  const common = ({ expiresAt, client }: TokenWishes) =>
    ({ keyIndex: index, expiresAt, tag: '', user: ALICE, client }) as const
  return {
    publicKey: { index, publicKey: raw.toString('base64') },
    accessToken: (wishes) => signed({ type: 'a', ...common(wishes), connection: wishes.connection ?? '1' }),
    anything,
    cookie: (wishes) => signed({ type: 'u', ...common(wishes), cookieId: 1 }),
  }
}

export interface Asking {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS' | 'HEAD'
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer | Readable
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export interface TestGateway extends Gateway {
  readonly signer: TestSigner
  /** A good token of alice's phone, with connection 42. */
  readonly token: string
  readonly bearer: { readonly authorization: string }
  /** What services were sent since `reset`. */
  received: (WireRequest & { readonly service: string })[]
  /** What they answer. */
  answer: WireResponse
  /** Every line that the gateway logged since `reset`, at the most talkative level. */
  logged: string
  reset(): void
  ask(path: string, asking?: Asking): Promise<Answered>
}

export const startTestGateway = async (gundeckUpgrade: AcceptUpgrade = async () => undefined): Promise<TestGateway> => {
  const signer = testSigner(1)
  const token = signer.accessToken({ expiresAt: SOON, client: PHONE, connection: '42' })
  const tokens = fake(brigInternal, {
    'get-access-keys': async () => ({ outcome: 'found', body: { keys: [signer.publicKey] } }),
    'list-revocations': async () => ({
      outcome: 'found',
      body: { until: Timestamp.parse('2026-01-01T00:00:00.000Z'), revoked: [] },
    }),
  })
  const service = (name: string): Transport => ({
    send: async (sent) => {
      if (sent.pattern.startsWith('/i/access-')) return tokens.send(sent)
      test.received.push({ ...sent, service: name })
      return test.answer
    },
  })
  const write = (line: string): void => {
    test.logged += line
  }
  const gateway = await startGateway({
    config: {
      domain: Domain.parse('alpha.test'),
      listen: { gateway: { host: '127.0.0.1', port: 0 } },
      gateway: { allowedOrigins: [`${ORIGIN}/`], trustedProxies: [] },
    },
    services: {
      brig: service('brig'),
      galley: service('galley'),
      gundeck: service('gundeck'),
      cargohold: service('cargohold'),
    },
    gundeckUpgrade,
    clock: systemClock,
    random: systemRandom,
    log: createLog({ level: 'trace', name: 'gateway', destination: { write } }),
  })
  const fresh = () => ({ received: [], answer: jsonResponse(200, { ok: true }), logged: '' })
  const test: TestGateway = {
    ...gateway,
    ...fresh(),
    signer,
    token,
    bearer: { authorization: `Bearer ${token}` },
    reset: () => void Object.assign(test, fresh()),
    ask: async (path, { method = 'GET', headers = {}, body = '' } = {}) => {
      const response = await request(`${gateway.url}${path}`, { method, headers, body: body === '' ? null : body })
      return { status: response.statusCode, headers: response.headers, text: await response.body.text() }
    },
  }
  return test
}
