/**
 * What a commit waits for the disk on a machine that is not busy: of a lone message two such waits, one after the other, are a
 * part that no program can make shorter, and on some machines the largest.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { median } from '../figures.ts'

const COMMITS = 200
/** About what a database rests between two lone messages. A disk that was left alone is slower than a busy one. */
const REST_MS = 2

/** Milliseconds: of a commit that changes one row by its key, with and without the disk, the difference of the medians. */
export const diskWaitMs = async (url: string): Promise<number> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('create table if not exists bench_rows (id int primary key, value int not null)')
    await client.query('insert into bench_rows values (1, 0) on conflict do nothing')
    const withDisk = await commitMs(client, 'on')
    return withDisk - (await commitMs(client, 'off'))
  } finally {
    await client.end()
  }
}

const commitMs = async (client: pg.Client, sync: 'on' | 'off'): Promise<number> => {
  await client.query(`set synchronous_commit = ${sync}`)
  const all: number[] = []
  for (let commit = 0; commit < COMMITS; commit += 1) {
    await sleep(REST_MS)
    const startMs = performance.now()
    await client.query({ name: 'one row', text: 'update bench_rows set value = value + 1 where id = 1' })
    all.push(performance.now() - startMs)
  }
  return median(all)
}
