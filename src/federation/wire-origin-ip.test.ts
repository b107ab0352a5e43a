import assert from 'node:assert/strict'
import { test } from 'node:test'
import { originAddress } from './wire-origin-ip.ts'

const CASES: readonly (readonly [string | undefined, string | undefined])[] = [
  [undefined, undefined],
  [' 127.0.0.1 ', '127.0.0.1'],
  ['192.0.2.10:8443', '192.0.2.10'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::2]:443', '2001:db8::2'],
  ['2001:db8::3', '2001:db8::3'],
  ['[::ffff:192.168.0.1]:123', '::ffff:192.168.0.1'],
  ['unknown', undefined],
  ['not-an-ip', undefined],
  ['', undefined],
  ['192.0.2.1:', undefined],
  ['192.0.2.300', undefined],
  ['unknown, 192.0.2.1, 192.0.2.2', '192.0.2.1'],
  ['[192.0.2.7', undefined],
]

for (const [header, address] of CASES) {
  test(`X-Forwarded-For ${JSON.stringify(header)} means ${address ?? 'nobody'}`, () => {
    assert.equal(originAddress(header), address)
  })
}
