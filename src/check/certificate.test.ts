import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { type CertificateRequest, createAuthority, selfSigned } from '#src/world/authority.ts'
import { judgeChain, judgeExpiry, judgeNames, judgePurpose } from './certificate.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
const clock = testClock()
const now = clock.now()
const inDays = (days: number): Date => new Date(now.getTime() + days * DAY_MS)

const authority = await createAuthority('Good Authority', clock)
const issue = async (request: CertificateRequest) => {
  const { certificatePem } = await authority.issue({ dnsNames: ['f.beta.test'], ...request })
  return { certificate: new X509Certificate(certificatePem), mender: 'they' }
}

test('names are those of the subject alternative name, and the common name is none', async () => {
  const hosts = ['f.beta.test']
  assert.equal(judgeNames(await issue({}), { hosts, need: 'all' }).verdict, 'ok')
  const other = judgeNames(await issue({ dnsNames: ['g.beta.test'] }), { hosts, need: 'all' })
  assert.equal(other.verdict, 'failed')
  assert.match(other.fact, /does not name f\.beta\.test.*only g\.beta\.test/)
  const none = judgeNames(await issue({ dnsNames: [], commonName: 'f.beta.test' }), { hosts, need: 'all' })
  assert.match(none.fact, /no DNS name at all/)
})

test('who is connected to needs every name, who connects needs one', async () => {
  const hosts = ['e.beta.test', 'f.beta.test']
  assert.equal(judgeNames(await issue({}), { hosts, need: 'any' }).verdict, 'ok')
  const all = judgeNames(await issue({}), { hosts, need: 'all' })
  assert.equal(all.verdict, 'failed')
  assert.match(all.fact, /^it does not name e\.beta\.test,/)
})

test('a purpose that is not among those named is missing, and without any named none is', async () => {
  assert.equal(judgePurpose(await issue({ purposes: 'any' }), 'clientAuth').verdict, 'ok')
  assert.equal(judgePurpose(await issue({}), 'clientAuth').verdict, 'ok')
  const missing = judgePurpose(await issue({ purposes: ['serverAuth'] }), 'clientAuth')
  assert.equal(missing.verdict, 'failed')
  assert.match(missing.fact, /no clientAuth, only serverAuth/)
  assert.equal(judgePurpose(await issue({ purposes: ['clientAuth'] }), 'serverAuth').verdict, 'failed')
})

test('dates fail outside of their time, and warn when renewal is overdue', async () => {
  const expiry = async (notBefore: Date, notAfter: Date) => judgeExpiry(await issue({ notBefore, notAfter }), now)
  assert.equal((await expiry(inDays(-10), inDays(80))).verdict, 'ok')
  assert.equal((await expiry(inDays(-70), inDays(20))).verdict, 'warning')
  assert.equal((await expiry(inDays(-3000), inDays(60))).verdict, 'ok')
  const expired = await expiry(inDays(-90), inDays(-3))
  assert.equal(expired.verdict, 'failed')
  assert.match(expired.fact, /expired 3 days ago/)
  assert.equal(expired.data?.['daysLeft'], -3)
  const early = await expiry(inDays(2), inDays(90))
  assert.match(early.fact, /not valid before .* in 2 days/)
  assert.match(early.change ?? '', /clock of this machine/)
})

test('a chain says at which certificate it ends and why', async () => {
  const anchors = [new X509Certificate(authority.certificatePem)]
  const context = { anchors, anchorsAt: 'caFile', mender: 'they' }
  const judge = (...pems: string[]) => {
    const [leaf, ...above] = pems.map((pem) => new X509Certificate(pem))
    assert.ok(leaf)
    return judgeChain({ leaf, above }, context)
  }
  const request = { dnsNames: ['f.beta.test'] }
  const intermediate = await authority.intermediate('Middle')
  const below = await intermediate.issue(request)
  assert.equal(judge(below.certificatePem, intermediate.certificatePem).verdict, 'ok')
  assert.match(judge(below.certificatePem).fact, /issuer “CN=Middle” is neither trusted nor shown/)
  const impostor = await createAuthority('Good Authority', clock)
  assert.match(judge((await impostor.issue(request)).certificatePem).fact, /another key under that name/)
  assert.match(judge((await selfSigned(request, clock)).certificatePem).fact, /signed by itself/)
})

test('certificates that have issued each other do not keep us for ever', async () => {
  const other = await createAuthority('Other', clock)
  const { certificatePem } = await other.issue({ dnsNames: ['f.beta.test'] })
  const leaf = new X509Certificate(certificatePem)
  const above = Array.from({ length: 50 }, () => new X509Certificate(other.certificatePem))
  assert.equal(judgeChain({ leaf, above }, { anchors: [], anchorsAt: '', mender: '' }).verdict, 'failed')
})
