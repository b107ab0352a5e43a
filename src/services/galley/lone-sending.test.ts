import { describe } from 'node:test'
import { embeddedDatabases, serverDatabases } from '#src/storage/testing.ts'
import { loneSendingSuite } from './lone-sending.suite.ts'

loneSendingSuite('messages that come alone, on the embedded database', embeddedDatabases)

const server = process.env['COMITY_TEST_DATABASE_URL']
const skip = server === undefined && 'no PostgreSQL server: COMITY_TEST_DATABASE_URL is not set'

describe('messages that come alone, on a server', { skip, tags: ['postgresql'] }, () => {
  loneSendingSuite('PostgreSQL', () => serverDatabases(server ?? ''))
})
