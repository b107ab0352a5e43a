import { describe } from 'node:test'
import { embeddedDatabases, serverDatabases } from '#src/storage/testing.ts'
import { galleySuite } from './galley.suite.ts'

galleySuite('embedded', embeddedDatabases)

const server = process.env['COMITY_TEST_DATABASE_URL']
const skip = server === undefined && 'no PostgreSQL server: COMITY_TEST_DATABASE_URL is not set'

describe('on a server', { skip, tags: ['postgresql'] }, () => {
  galleySuite('PostgreSQL', () => serverDatabases(server ?? ''))
})
