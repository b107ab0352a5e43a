import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseResolvConf, systemResolvers } from './resolv-conf.ts'

test('name servers are read in order, and only those', () => {
  const text =
    '# made by hand\nsearch example.com\nnameserver 192.0.2.53\n nameserver\t2001:db8::53 # two\nnameserver names.are.not\noptions edns0\n'
  assert.deepEqual(parseResolvConf(text), [
    { host: '192.0.2.53', port: 53 },
    { host: '2001:db8::53', port: 53 },
  ])
})

test('a file that cannot be read or names nobody stops the start with advice', async () => {
  await assert.rejects(systemResolvers('/nonexistent/resolv.conf'), /name some in the configuration/)
  await assert.rejects(systemResolvers('/dev/null'), /names no resolver/)
})
