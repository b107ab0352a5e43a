import { describe } from 'node:test'
import { embeddedDatabases, serverDatabases } from '#src/storage/testing.ts'
import { claimsSuite } from './claims.suite.ts'

claimsSuite('claims on the embedded database', embeddedDatabases)

const server = process.env['COMITY_TEST_DATABASE_URL']
const skip = server === undefined && 'no PostgreSQL server: COMITY_TEST_DATABASE_URL is not set'

describe('claims on a server', { skip, tags: ['postgresql'] }, () => {
  claimsSuite('PostgreSQL', () => serverDatabases(server ?? ''))
})
