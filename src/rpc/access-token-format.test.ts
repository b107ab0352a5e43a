import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ClientId, UserId } from '#src/contract/ids.ts'
import {
  type AccessClaims,
  formatClaims,
  joinToken,
  NEVER,
  parseToken,
  type UserClaims,
} from './access-token-format.ts'

const USER = UserId.parse('6f1e1f2a-0000-4000-8000-00000000abcd')
const CLIENT = ClientId.parse('5d1f0a77c0b4e3a2')
const SIGNATURE = new Uint8Array(64).fill(0xfb)

const access: AccessClaims = {
  type: 'a',
  keyIndex: 1,
  expiresAt: 1_769_850_000,
  tag: '',
  user: USER,
  client: CLIENT,
  connection: '18446744073709551615',
}
const cookie: UserClaims = {
  type: 'u',
  keyIndex: 2,
  expiresAt: NEVER,
  tag: 's',
  user: USER,
  client: undefined,
  cookieId: 0xff,
}

test('an access token and a cookie have the text that the protocol describes', () => {
  assert.equal(
    formatClaims(access),
    'v=1.k=1.d=1769850000.t=a.l=.u=6f1e1f2a-0000-4000-8000-00000000abcd.i=5d1f0a77c0b4e3a2.c=18446744073709551615',
  )
  assert.equal(formatClaims(cookie), 'v=1.k=2.d=-1.t=u.l=s.u=6f1e1f2a-0000-4000-8000-00000000abcd.r=000000ff')
  assert.equal(joinToken(SIGNATURE, 'rest'), `${'-_v7'.repeat(21)}-w==.rest`)
})

test('what was written is read again, with exactly the text that was signed', () => {
  for (const claims of [access, cookie, { ...access, client: undefined }, { ...cookie, client: CLIENT }]) {
    const signedText = formatClaims(claims)
    const parsed = parseToken(joinToken(SIGNATURE, signedText))
    assert.deepEqual(parsed?.claims, claims)
    assert.equal(parsed?.signedText, signedText)
    assert.deepEqual(new Uint8Array(parsed?.signature ?? []), SIGNATURE)
  }
})

test('no token holds a character that cookies or clients would change', () => {
  for (const claims of [access, cookie]) assert.match(joinToken(SIGNATURE, formatClaims(claims)), /^[A-Za-z0-9._=-]+$/)
})

const signed = (text: string): string => joinToken(SIGNATURE, text)
const good = formatClaims(access)

const malformed: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['no dot', 'abc'],
  ['another version of the format', signed(good.replace('v=1', 'v=2'))],
  ['key zero', signed(good.replace('k=1', 'k=0'))],
  ['an unknown type', signed(good.replace('t=a', 't=b'))],
  ['an unknown tag', signed(good.replace('l=', 'l=x'))],
  ['a user who is no UUID', signed(good.replace(/u=[^.]+/, 'u=alice'))],
  ['a device id that is not hexadecimal', signed(good.replace(/i=[^.]+/, 'i=xyz'))],
  ['a connection beyond 64 bits', signed(good.replace(/c=\d+/, 'c=18446744073709551616'))],
  ['a connection on a cookie', signed(`${formatClaims(cookie)}.c=1`)],
  ['something behind', signed(`${good}.x=1`)],
  ['a short signature', joinToken(SIGNATURE.subarray(1), good)],
  ['a signature without padding', signed(good).replace('==.', '.')],
  ['a signature in another spelling', signed(good).replace('w==.', 'x==.')],
  ['more than a token can be', signed(good.replace('l=', `l=${'s'.repeat(2_000)}`))],
]
for (const [what, text] of malformed) {
  test(`not a token: ${what}`, () => assert.equal(parseToken(text), undefined))
}

test('no text whatever makes the reader throw', () => {
  fc.assert(fc.property(fc.string(), (text) => parseToken(signed(text)) === undefined || text.startsWith('v=1.')))
})
