import { test } from 'node:test'
import { embeddedDatabases, serverDatabases } from '#src/storage/testing.ts'
import { searchSuite } from './search.suite.ts'

searchSuite('embedded', embeddedDatabases)

const server = process.env['COMITY_TEST_DATABASE_URL']
if (server === undefined) {
  test('search, on a server', { skip: 'no PostgreSQL server: COMITY_TEST_DATABASE_URL is not set' }, () => {})
} else {
  searchSuite('on a server', () => serverDatabases(server), ['postgresql'])
}
