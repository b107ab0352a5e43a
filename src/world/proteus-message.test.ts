import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeProteusMessage } from './proteus-message.ts'

test('a message is written field by field as the proto2 definition says', () => {
  const bytes = encodeProteusMessage({
    sender: 'ff',
    recipients: { 'b.test': { '00010203-0405-0607-0809-0a0b0c0d0e0f': { '10': Buffer.from('hi') } } },
    strategy: 'ignore_all',
    transient: true,
  })

  const client = '0a020810' // 1: ClientId { 1: 16 }
  const text = '12026869' // 2: "hi"
  const clientEntry = `1208${client}${text}` // 2: ClientEntry, 8 bytes
  const user = '0a120a10000102030405060708090a0b0c0d0e0f' // 1: UserId { 1: 16 bytes }
  const userEntry = `121e${user}${clientEntry}` // 2: UserEntry, 30 bytes
  const recipients = `1228${'0a06622e74657374'}${userEntry}` // 2: QualifiedUserEntry { 1: "b.test" }
  assert.equal(Buffer.from(bytes).toString('hex'), `${'0a0308ff01'}${recipients}${'3001'}${'4200'}`)
})

test('a client id uses all 64 bits', () => {
  const bytes = encodeProteusMessage({ sender: 'ffffffffffffffff', recipients: {} })
  assert.equal(Buffer.from(bytes).toString('hex'), '0a0b08ffffffffffffffffff01' + '3a00')
})

test('a strategy for some users names them in text', () => {
  const id = '00010203-0405-0607-0809-0a0b0c0d0e0f'
  const bytes = encodeProteusMessage({
    sender: '1',
    recipients: {},
    strategy: { report_only: [{ id, domain: 'b.test' }] },
  })
  const user = `0a24${Buffer.from(id).toString('hex')}1206${Buffer.from('b.test').toString('hex')}`
  assert.equal(Buffer.from(bytes).toString('hex'), `0a020801${'4a30'}${'0a2e'}${user}`)
})
