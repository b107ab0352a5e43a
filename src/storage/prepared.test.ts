import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getHeapSpaceStatistics } from 'node:v8'
import pg from 'pg'
import { prepareOn } from './prepared.ts'

const server = process.env['COMITY_TEST_DATABASE_URL']
const skip = server === undefined && 'no PostgreSQL server: COMITY_TEST_DATABASE_URL is not set'
const tags = ['postgresql']

// 21 MB when the driver wrote the callbacks into its queries itself, and 1 MB since it does not.
test('what was read and let go does not wait for a collection of the whole heap', { skip, tags }, async () => {
  const pool = new pg.Pool({ connectionString: server, max: 1 })
  await using _end = { [Symbol.asyncDispose]: () => pool.end() }
  prepareOn(pool)
  const client = await pool.connect()
  const grownBy = async (times: number): Promise<number> => {
    let grown = 0
    for (let [before, time] = [oldSpaceMb(), 0]; time < times; time += 1) {
      const { rows } = await client.query(`select number, repeat('x', 600) as text from generate_series(1, 128) number`)
      assert.equal(rows.length, 128)
      const now = oldSpaceMb()
      grown += Math.max(0, now - before)
      before = now
    }
    return grown
  }
  // Code that is compiled, and the like.
  await grownBy(500)
  const grownMb = await grownBy(1_500)
  client.release()
  assert.ok(grownMb < 10, `grown by ${grownMb} MB while 120 MB were read`)
})

const oldSpaceMb = (): number => {
  const found = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')
  assert.ok(found)
  return found.space_used_size / 1e6
}
