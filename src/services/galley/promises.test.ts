import { describe } from 'node:test'
import { embeddedDatabases, serverDatabases } from '#src/storage/testing.ts'
import { promisesSuite } from './promises.suite.ts'

promisesSuite('promises on the embedded database', embeddedDatabases)

const server = process.env['COMITY_TEST_DATABASE_URL']
const skip = server === undefined && 'no PostgreSQL server: COMITY_TEST_DATABASE_URL is not set'

describe('promises on a server', { skip, tags: ['postgresql'] }, () => {
  promisesSuite('PostgreSQL', () => serverDatabases(server ?? ''))
})
