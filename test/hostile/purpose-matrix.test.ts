/**
 * Who is let in with which client certificate: purpose × issuer × chain sent × dates × depth, on every ingress. The
 * expectation is one rule per ingress, so that no combination can be forgotten.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '#src/kit/clock.ts'
import {
  type CertificateRequest,
  createAuthority,
  type Credential,
  type Purpose,
  selfSigned,
} from '#src/world/authority.ts'
import { knock } from '#test/federation/knock.ts'
import { type BackendPlan, type Net, startNet } from '#test/federation/net.ts'
import { nginxExecutable } from '#test/federation/nginx.ts'

const withoutNginx = nginxExecutable === undefined ? 'nginx is not installed' : false
const HOST = 'federator.peer.test'
const DAY_MS = 86_400_000
const dayFromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS)

const PURPOSES: Readonly<Record<string, readonly Purpose[] | 'any'>> = {
  'clients and servers': ['clientAuth', 'serverAuth'],
  clients: ['clientAuth'],
  servers: ['serverAuth'],
  'anything, because it does not say': 'any',
  'code only': ['codeSigning'],
}
const FOR_CLIENTS = ['clients and servers', 'clients', 'anything, because it does not say']

const DATES: Readonly<Record<string, Pick<CertificateRequest, 'notBefore' | 'notAfter'>>> = {
  valid: {},
  expired: { notBefore: dayFromNow(-2), notAfter: dayFromNow(-1) },
  'not valid yet': { notBefore: dayFromNow(1), notAfter: dayFromNow(2) },
}

interface Issuer {
  readonly name: string
  /** Depth that is needed; undefined: never trusted. */
  readonly depth?: number
  readonly issue: (request: CertificateRequest) => Promise<Credential>
}

const issuersOf = async ({ authority }: Net): Promise<readonly Issuer[]> => {
  const one = await authority.intermediate('One')
  const two = await one.intermediate('Two')
  const stranger = await createAuthority('Stranger', systemClock)
  const impostor = await createAuthority(authority.name, systemClock)
  const below = await impostor.intermediate('One')
  const changed =
    (change: (chain: Credential) => string) =>
    async (request: CertificateRequest): Promise<Credential> => {
      const credential = await two.issue(request)
      return { ...credential, chainPem: change(credential) }
    }
  return [
    { name: 'the authority', depth: 1, issue: authority.issue },
    { name: 'one intermediate', depth: 2, issue: one.issue },
    { name: 'two intermediates', depth: 3, issue: two.issue },
    {
      name: 'two intermediates, with the authority sent along',
      depth: 3,
      issue: changed(({ chainPem }) => chainPem + authority.certificatePem),
    },
    { name: 'two intermediates that are not sent', issue: changed(({ certificatePem }) => certificatePem) },
    {
      name: 'two intermediates of which one is not sent',
      issue: changed(({ certificatePem }) => certificatePem + one.certificatePem),
    },
    { name: 'another authority', issue: stranger.issue },
    { name: 'an authority that bears the same name', issue: impostor.issue },
    { name: 'an intermediate of one that bears the same name', issue: below.issue },
    {
      name: 'an impostor who sends the real authority along',
      issue: async (request) => {
        const credential = await impostor.issue(request)
        return { ...credential, chainPem: credential.certificatePem + authority.certificatePem }
      },
    },
    { name: 'itself', issue: (request) => selfSigned(request, systemClock) },
  ]
}

interface Case {
  readonly name: string
  readonly purpose: string
  readonly dates: string
  readonly issuer: Issuer
  readonly credential: Credential
}

const casesOf = async (net: Net): Promise<readonly Case[]> => {
  const cases: Case[] = []
  for (const issuer of await issuersOf(net)) {
    for (const [purpose, purposes] of Object.entries(PURPOSES)) {
      for (const [dates, lifetime] of Object.entries(DATES)) {
        const credential = await issuer.issue({ dnsNames: [HOST], purposes, ...lifetime })
        cases.push({ name: `for ${purpose}, ${dates}, issued by ${issuer.name}`, purpose, dates, issuer, credential })
      }
    }
  }
  return cases
}

const INGRESSES: readonly (Pick<BackendPlan, 'ingress' | 'clientCertificates'> & { readonly name: string })[] = [
  { name: 'the built-in ingress, strict', ingress: 'builtin' },
  { name: 'the built-in ingress, compat', ingress: 'builtin', clientCertificates: 'compat' },
  { name: 'the built-in ingress in a process of its own, compat', ingress: 'split', clientCertificates: 'compat' },
  { name: 'nginx, which is strict', ingress: 'nginx' },
]

for (const { name, ...plan } of INGRESSES) {
  const skip = plan.ingress === 'nginx' ? withoutNginx : false
  describe(name, { skip, tags: plan.ingress === 'nginx' ? ['nginx'] : [] }, () => {
    let net: Net
    let cases: readonly Case[]
    const accepted = plan.clientCertificates === 'compat' ? [...FOR_CLIENTS, 'servers'] : FOR_CLIENTS

    before(async () => {
      net = await startNet()
      net.publish('peer.test', [{ host: HOST, port: 1 }])
      cases = await casesOf(net)
    })
    after(() => net[Symbol.asyncDispose]())

    for (const verifyDepth of [1, 2, 3]) {
      test(`lets in who has a good certificate, up to ${verifyDepth} steps from the authority`, async () => {
        const own = await net.start({ domain: `depth${verifyDepth}.test`, verifyDepth, ...plan })
        const isGood = ({ purpose, dates, issuer }: Case): boolean =>
          accepted.includes(purpose) && dates === 'valid' && (issuer.depth ?? Infinity) <= verifyDepth
        const expected = cases.map((each) => `${isGood(each) ? 200 : 400} ${each.name}`)
        const seen: string[] = []
        for (const each of cases) {
          const { status } = await knock(net, own, {
            credential: each.credential,
            path: '/federation/brig/get-users-by-ids',
            headers: { 'wire-origin-domain': 'peer.test' },
            body: '[]',
          })
          seen.push(`${status} ${each.name}`)
        }
        assert.ok(cases.length >= 30)
        assert.deepEqual(seen, expected)
        assert.equal(own.components.contacts.length, expected.filter((line) => line.startsWith('200')).length)
      })
    }
  })
}

test('a certificate for servers that names another host is let in and then not believed', async () => {
  await using net = await startNet()
  net.publish('peer.test', [{ host: HOST, port: 1 }])
  const own = await net.start({ domain: 'own.test', clientCertificates: 'compat' })
  const credential = await net.authority.issue({ dnsNames: ['federator.mallory.test'], purposes: ['serverAuth'] })
  const headers = { 'wire-origin-domain': 'peer.test' }
  const { status, label } = await knock(net, own, { credential, path: '/federation/brig/x', headers, body: '[]' })
  assert.deepEqual([status, label], [403, 'authentication-failure'])
  assert.equal(own.components.contacts.length, 0)
})
