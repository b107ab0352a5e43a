import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import { createPeerAddresses, type PeerAddressRules } from './peer-addresses.ts'

const domain = Domain.parse('peer.example')

const allows = (allowed: readonly string[], address: string, more: Partial<PeerAddressRules> = {}): boolean =>
  createPeerAddresses({ allowed, perRemote: [], ...more }).refusalOf(domain, { address, port: 443 }) === undefined

/** The class that alone allows the address; `none` when no class does. */
const ADDRESSES: readonly (readonly [string, string])[] = [
  ['1.1.1.1', 'public'],
  ['8.8.8.8', 'public'],
  ['100.63.255.255', 'public'],
  ['100.128.0.0', 'public'],
  ['126.255.255.255', 'public'],
  ['128.0.0.1', 'public'],
  ['172.15.255.255', 'public'],
  ['172.32.0.0', 'public'],
  ['192.167.255.255', 'public'],
  ['192.169.0.0', 'public'],
  ['223.255.255.255', 'public'],
  ['2606:4700:4700::1111', 'public'],
  ['2a00:1450:4001::1', 'public'],
  ['3ffe::1', 'public'],
  ['0.0.0.0', 'none'],
  ['0.1.2.3', 'none'],
  ['10.0.0.1', 'private'],
  ['10.255.255.255', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.0.1', 'private'],
  ['fc00::1', 'private'],
  ['fdff:ffff::1', 'private'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['::1', 'loopback'],
  ['169.254.0.1', 'linkLocal'],
  ['169.254.169.254', 'linkLocal'],
  ['fe80::1', 'linkLocal'],
  ['febf::1', 'linkLocal'],
  ['100.64.0.1', 'carrierGradeNat'],
  ['100.127.255.255', 'carrierGradeNat'],
  ['192.0.0.8', 'none'],
  ['192.0.2.1', 'none'],
  ['198.18.0.1', 'none'],
  ['198.51.100.7', 'none'],
  ['203.0.113.9', 'none'],
  ['224.0.0.1', 'none'],
  ['239.255.255.250', 'none'],
  ['240.0.0.1', 'none'],
  ['255.255.255.255', 'none'],
  ['::', 'none'],
  ['::127.0.0.1', 'none'],
  ['::7f00:1', 'none'],
  ['ff02::1', 'none'],
  ['fec0::1', 'none'],
  ['100::1', 'none'],
  ['2001:db8::1', 'none'],
  ['3fff::1', 'none'],
  ['4000::1', 'none'],
  ['64:ff9b:1::7f00:1', 'none'],
  ['fe80::1%lo', 'none'],
  ['0177.0.0.1', 'none'],
  ['127.1', 'none'],
  ['2130706433', 'none'],
  ['0x7f.0.0.1', 'none'],
  ['0x7f000001', 'none'],
  ['127.0.0.1.', 'none'],
  ['localhost', 'none'],
  ['', 'none'],
  ['[::1]', 'none'],
]
const CLASSES = ['public', 'private', 'loopback', 'linkLocal', 'carrierGradeNat', 'translated'] as const

for (const [address, expected] of ADDRESSES) {
  test(`"${address}" is allowed by ${expected === 'none' ? 'no class' : `the class ${expected} and by no other`}`, () => {
    const allowing = CLASSES.filter((each) => allows([each], address))
    assert.deepEqual(allowing, expected === 'none' ? [] : [expected])
  })
}

/** IPv6 spellings of an IPv4 address, and the class of that one. */
const TRANSLATED: readonly (readonly [string, string])[] = [
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['::ffff:10.0.0.1', 'private'],
  ['::ffff:169.254.169.254', 'linkLocal'],
  ['::ffff:8.8.8.8', 'public'],
  ['::ffff:0:127.0.0.1', 'loopback'],
  ['64:ff9b::7f00:1', 'loopback'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['64:ff9b::8.8.8.8', 'public'],
  ['2002:7f00:1::', 'loopback'],
  ['2002:c0a8:101::1', 'private'],
  ['2002:808:808::1', 'public'],
  ['2001:0:808:808::80ff:fffe', 'loopback'],
  ['2001:0:808:808::f5ff:fffe', 'private'],
]
for (const [address, hidden] of TRANSLATED) {
  test(`${address} is allowed only where translated addresses and those of the class ${hidden} are`, () => {
    assert.deepEqual(
      CLASSES.filter((each) => allows([each], address)),
      [],
    )
    assert.deepEqual(
      CLASSES.filter((each) => allows(['translated', each], address)),
      [hidden],
    )
  })
}

test('a network that is named allows what lies in it and no more', () => {
  assert.equal(allows(['10.1.0.0/16'], '10.1.200.3'), true)
  assert.equal(allows(['10.1.0.0/16'], '10.2.0.1'), false)
  assert.equal(allows(['10.1.0.0/16'], '::ffff:10.1.0.1'), false)
  assert.equal(allows(['2001:db8::/32'], '2001:db8::1'), true)
  assert.equal(allows(['2001:db8::/32'], '192.0.2.1'), false)
})

test('a network of translated addresses does not open the addresses that they stand for', () => {
  assert.equal(allows(['public', '64:ff9b::/96'], '64:ff9b::8.8.8.8'), true)
  assert.equal(allows(['public', '64:ff9b::/96'], '64:ff9b::7f00:1'), false)
})

test('one remote may have rules of its own, which others do not share', () => {
  const perRemote = [{ domain, allowed: ['10.0.0.0/8'] }]
  assert.equal(allows(['public'], '10.0.0.1', { perRemote }), true)
  assert.equal(allows(['public'], '8.8.8.8', { perRemote }), false)
  const { refusalOf } = createPeerAddresses({ allowed: ['public'], perRemote })
  assert.match(
    refusalOf(Domain.parse('other.example'), { address: '10.0.0.1', port: 443 }) ?? '',
    /10\.0\.0\.1 .*private/,
  )
})

test('ports can be limited', () => {
  const { refusalOf } = createPeerAddresses({ allowed: ['public'], perRemote: [], ports: [443, 8443] })
  assert.equal(refusalOf(domain, { address: '8.8.8.8', port: 8443 }), undefined)
  assert.match(refusalOf(domain, { address: '8.8.8.8', port: 5432 }) ?? '', /port 5432/)
})
