import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeadlineExceeded } from '#src/kit/deadline.ts'
import { judgeHandshakeFailure, problemOf } from './connection.ts'
import { judgeShutDoor } from './ingress-answer.ts'

const withCode = (code: string): Error => Object.assign(new Error('the words of a library'), { code })
const judge = (code: string): string => {
  const { fact, change } = judgeHandshakeFailure(withCode(code), 'f.beta.test')
  return `${fact} → ${change}`
}

test('codes of the TLS library become causes', () => {
  assert.match(judge('ERR_SSL_WRONG_VERSION_NUMBER'), /does not speak TLS.*port of the SRV record/)
  assert.match(judge('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'), /does not offer HTTP\/2/)
  assert.match(judge('ERR_SSL_TLSV1_UNRECOGNIZED_NAME'), /serves no such host name/)
  assert.match(judge('ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE'), /no version of TLS or cipher/)
  assert.match(judge('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), /refuses our client certificate.*--self/)
  assert.match(judge('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), /refuses our client certificate/)
})

test('a code that we do not know is shown in the words of the library', () => {
  assert.match(judge('ERR_SSL_SOMETHING_NEW'), /the words of a library/)
})

test('why a connection failed is said in words, whichever of several attempts said it', () => {
  assert.match(problemOf(new AggregateError([withCode('ECONNREFUSED')])), /nobody listens/)
  assert.match(problemOf(withCode('ENETUNREACH')), /no route/)
  assert.match(problemOf(new DeadlineExceeded('connecting', 5)), /no answer in time/)
})

test('an ingress of ours that shuts the door instead of answering is safe, and worth a look', () => {
  assert.equal(judgeShutDoor('as seen').verdict, 'warning')
})
