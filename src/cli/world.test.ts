import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runOptions, world } from './world.ts'

test('without options a world is alpha.test and beta.test in var/dev, all of it ours', () => {
  assert.deepEqual(runOptions([]), {
    domains: ['alpha.test', 'beta.test'],
    dataDirectory: 'var/dev',
    isFresh: false,
    ingress: 'builtin',
    databaseUrl: undefined,
    settingsFile: undefined,
    readyFile: undefined,
  })
})

test('every option is taken', () => {
  const args = ['--backends', 'a.test, B.test', '--data', '/tmp/x', '--fresh', '--ingress', 'nginx']
  assert.deepEqual(
    runOptions([...args, '--database-url', 'postgres://h/postgres', '--settings', 's.json', '--ready-file', 'r.json']),
    {
      domains: ['a.test', 'b.test'],
      dataDirectory: '/tmp/x',
      isFresh: true,
      ingress: 'nginx',
      databaseUrl: 'postgres://h/postgres',
      settingsFile: 's.json',
      readyFile: 'r.json',
    },
  )
})

test('what cannot be meant is refused with a word about what can', () => {
  assert.throws(() => runOptions(['--ingress', 'apache']), /builtin or nginx, not 'apache'/)
  assert.throws(() => runOptions(['--backends', 'alpha']), /domains like alpha.test,beta.test, not 'alpha'/)
  assert.throws(() => runOptions(['--backends', 'a.test,a.test']), /names a domain twice/)
  assert.throws(() => runOptions(['--database-url', 'mysql://h']), /is like postgres:/)
  assert.throws(() => runOptions(['--bakends', 'a.test']), /--bakends/)
  assert.throws(() => runOptions(['a.test']), /what is 'a.test'/)
})

test('a command to a world that does not run says how to start one', async () => {
  await assert.rejects(world(['stop', 'a.test', '--data', 'var/nowhere']), /no world runs on var\/nowhere; start one/)
  await assert.rejects(world(['stop']), /takes one domain/)
  await assert.rejects(world(['restart', 'a.test']), /no command 'world restart'/)
})
