import { describe } from 'node:test'
import { embeddedDatabases, serverDatabases } from '#src/storage/testing.ts'
import { controlTests } from './control.suite.ts'
import { deliveryTests } from './delivery.suite.ts'
import { batchTests } from './batches.suite.ts'
import { failureTests } from './failures.suite.ts'
import { handingOverTests, openTransactionTests } from './handing-over.suite.ts'
import { interleavingTests } from './interleaving.suite.ts'
import { endingTests, laneTests, wakingTests } from './lanes.suite.ts'
import { flushTests, localTests } from './local.suite.ts'
import { replicaTests } from './replicas.suite.ts'
import type { MakeDatabases } from './testing.ts'

const courierTests = (databases: MakeDatabases): void => {
  deliveryTests(databases)
  batchTests(databases)
  failureTests(databases)
  laneTests(databases)
  wakingTests(databases)
  endingTests(databases)
  localTests(databases)
  flushTests(databases)
  controlTests(databases)
  handingOverTests(databases)
}

describe('on the embedded database', { concurrency: false }, () => {
  courierTests(embeddedDatabases)
  interleavingTests(embeddedDatabases, 'one')
})

const server = process.env['COMITY_TEST_DATABASE_URL']
const skip = server === undefined && 'no PostgreSQL server: COMITY_TEST_DATABASE_URL is not set'

describe('on a PostgreSQL server', { skip, concurrency: false, tags: ['postgresql'] }, () => {
  const databases: MakeDatabases = () => serverDatabases(server ?? '')
  courierTests(databases)
  replicaTests(databases)
  interleavingTests(databases, 'two')
  openTransactionTests(databases)
})
