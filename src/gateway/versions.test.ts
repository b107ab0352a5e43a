import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readVersion } from './versions.ts'

const cases: readonly (readonly [string, string, number | undefined, string])[] = [
  ['no prefix is version 0', '/self', 0, '/self'],
  ['a prefix is taken off', '/v8/self?x=1', 8, '/self?x=1'],
  ['version 0 may be said', '/v0/self', 0, '/self'],
  ['only one prefix is taken off', '/v1/v2/self', 1, '/v2/self'],
  ['a version we do not serve stays where it is', '/v9/self', undefined, '/v9/self'],
  ['a number beyond all versions', '/v999999/self', undefined, '/v999999/self'],
  ['a leading zero is no version', '/v08/self', 0, '/v08/self'],
  ['a path that only begins alike', '/v8', 0, '/v8'],
  ['a path of one more character', '/v8x', 0, '/v8x'],
  ['a slash after a question mark is none of the path', '/v8?x=/self', 0, '/v8?x=/self'],
  ['another path that only begins alike', '/verification-code/send', 0, '/verification-code/send'],
  ['websockets have no prefix', '/v8/await?client=1', 8, '/v8/await?client=1'],
  ['nor under their other name', '/v8/websocket', 8, '/v8/websocket'],
  ['what begins like a websocket does', '/v8/awaiting', 8, '/awaiting'],
]
for (const [name, given, version, target] of cases) {
  test(name, () => assert.deepEqual(readVersion(given), { version, target }))
}
