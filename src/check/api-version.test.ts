import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import { judgeAnswer, type Parties } from './api-version.ts'

const parties: Parties = {
  peer: Domain.parse('beta.test'),
  own: Domain.parse('alpha.test'),
  ownHost: 'federator.alpha.test',
  ownPort: 443,
  host: 'federator.beta.test',
  ownFaults: ['our client certificate: it has expired'],
}

const judge = (status: number, body: unknown) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return judgeAnswer({ status, text, date: undefined, contentType: 'application/json' }, parties)
}

const refused = (code: number, label: string) => judge(code, { code, label, message: 'as I said' })

test('the largest common version is found', () => {
  const found = judge(200, { supported: [0, 1], supported_versions: [0, 1, 2, 99] })
  assert.equal(found.verdict, 'ok')
  assert.equal(found.data?.['version'], 2)
})

test('without a common version nothing can be called', () => {
  assert.match(judge(200, { supported: [], supported_versions: [98, 99] }).fact, /no common version/)
})

test('an answer that is something else is shown, in parts', () => {
  const found = judge(200, `<html>${'welcome '.repeat(1_000)}`)
  assert.equal(found.verdict, 'failed')
  assert.match(found.fact, /<html>welcome/)
  assert.ok(found.fact.length < 400)
})

test('every refusal says whose line has to change', () => {
  const found = (code: number, label: string) => {
    const { verdict, fact, change } = refused(code, label)
    assert.equal(verdict, 'failed')
    return `${fact} → ${change}`
  }
  assert.match(found(400, 'federation-denied'), /policy of beta\.test.*operator of beta\.test: list alpha\.test/)
  assert.match(
    found(422, 'invalid-domain'),
    /_wire-server-federator\._tcp\.alpha\.test\. 600 IN SRV 0 10 443 federator\.alpha\.test\./,
  )
  assert.match(found(400, 'discovery-failure'), /could not look up.*DNS servers of alpha\.test/)
  assert.match(found(403, 'authentication-failure'), /names no target.*federation\.tls\.certificateFile/)
  assert.match(found(500, 'server-error'), /behind it does not.*federator and brig there/)
})

test('a peer that does not accept our certificate is told from one that does not want us', () => {
  const found = judge(400, '<html>400 No required SSL certificate was sent</html>')
  assert.match(found.fact, /does not accept our client certificate/)
  assert.deepEqual(found.details?.slice(1), parties.ownFaults)
  assert.deepEqual(refused(400, 'federation-denied').details, ['it says: federation-denied: as I said'])
})

test('what is no ingress of a backend is recognised by its answers', () => {
  assert.match(judge(421, '').fact, /another host name than federator\.beta\.test/)
  assert.match(judge(404, '').fact, /no such path/)
  assert.match(judge(301, '').fact, /redirects are not followed/)
  assert.match(judge(502, 'Bad Gateway').fact, /what is behind it does not/)
  assert.match(judge(503, '').fact, /overloaded/)
})
