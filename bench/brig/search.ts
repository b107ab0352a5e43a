/**
 * Searches among a million people, as apps send them: over HTTP through the gateway of a whole backend, which has a
 * process of its own beside a PostgreSQL that syncs. First while the index is being built for people who were there before,
 * then when it is complete.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { Pool } from 'undici'
import { systemClock } from '#src/kit/clock.ts'
import { AppHttp } from '#src/world/app-http.ts'
import { worldLayout } from '#src/world/layout.ts'
import { lastLines } from '#src/world/managed-process.ts'
import { type Network, startNetwork } from '#src/world/network.ts'
import { choosePorts } from '#src/world/ports.ts'
import { startPostgres } from '#test/services/postgres.ts'
import { type Figure, quantile } from '../figures.ts'
import { type Namesakes, populate, queriesOf } from './people.ts'

const DOMAIN = 'alpha.test'
const IN_FLIGHT = 50
/** Of the server, as an operator with a million users would give it; a million take half of it. */
const CACHE_MEBIBYTES = 1_024
const GOAL_P95_MS = 100
/** A backend that has just started compiles what it runs. */
const WARM_UP_SECONDS = 4
/** In which the index of a million must be complete once nobody searches. */
const BUILD_TIMEOUT_MS = 900_000
const POLL_MS = 250

export interface SearchOptions {
  readonly seconds: number
  readonly users: number
}

export const measureSearch = async (
  say: (progress: string) => void,
  { seconds, users }: SearchOptions,
): Promise<readonly Figure[]> => {
  await using stack = new AsyncDisposableStack()
  const { network, database } = await startBackend(stack)
  const searcher = await registerSearcher(network)
  const backend = network.backend(DOMAIN)
  // A new version meets the people of an old one.
  await backend.stop()
  say(`search: ${users} people`)
  const namesakes = await populate(database, users)
  await backend.start()

  const load = { url: backend.clientApi, ...searcher, namesakes, seconds }
  say(`search: ${IN_FLIGHT} in flight while the index is being built`)
  await run({ ...load, seconds: WARM_UP_SECONDS })
  const [before, startedMs] = [await countIndexed(database), performance.now()]
  const building = await run(load)
  const builtWhileServing = (await countIndexed(database)) - before
  const perSecondWhileServing = builtWhileServing / ((performance.now() - startedMs) / 1000)
  say('search: waiting for the index')
  const buildSeconds = await untilBuilt(database)
  await database.query('vacuum analyze')
  say(`search: ${IN_FLIGHT} in flight with the complete index`)
  await run({ ...load, seconds: WARM_UP_SECONDS })
  const complete = await run(load)
  return [
    { name: 'people', value: users, unit: '1' },
    { name: 'searches in flight', value: IN_FLIGHT, unit: '1' },
    { name: 'search, p95', value: quantile(complete.times, 0.95), unit: 'ms', below: GOAL_P95_MS },
    { name: 'search, median', value: quantile(complete.times, 0.5), unit: 'ms' },
    { name: 'searches', value: complete.times.length / seconds, unit: 'req/s' },
    { name: 'people found per search', value: complete.found / complete.times.length, unit: '1' },
    {
      name: 'search while the index is built, p95',
      value: quantile(building.times, 0.95),
      unit: 'ms',
      below: GOAL_P95_MS,
    },
    { name: 'people indexed while searched', value: perSecondWhileServing, unit: 'req/s' },
    { name: 'building the rest of the index, nobody searching', value: buildSeconds, unit: 's' },
  ]
}

const startBackend = async (stack: AsyncDisposableStack): Promise<{ network: Network; database: pg.Client }> => {
  const directory = await mkdtemp(join(tmpdir(), 'comity-bench-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const postgres = stack.use(await startPostgres({ isDurable: true, cacheMebibytes: CACHE_MEBIBYTES }))
  const url = await postgres.createDatabase('comity')
  const network = stack.use(
    await startNetwork({
      layout: worldLayout(directory),
      domains: [DOMAIN],
      ports: await choosePorts([DOMAIN]),
      ingress: 'builtin',
      roles: 'together',
      databaseUrl: () => url,
      isMeasured: true,
      clock: systemClock,
      onDeath: (process) => void lastLines(process).then((lines) => console.error(`${process.name} died:\n${lines}`)),
    }),
  )
  const database = new pg.Client({ connectionString: url })
  await database.connect()
  stack.defer(() => database.end())
  return { network, database }
}

/** Of no team, so that everybody who is in none is found. */
const registerSearcher = async (network: Network): Promise<{ readonly token: string }> => {
  await using app = new AppHttp(network.backend(DOMAIN).clientApi)
  const account = { name: 'Searcher', email: `searcher@${DOMAIN}`, password: 'searcher password' }
  await app.call({ method: 'POST', path: '/register', body: account })
  await app.renewToken()
  return { token: app.token ?? '' }
}

interface Load extends Omit<SearchOptions, 'users'> {
  readonly url: string
  readonly token: string
  readonly namesakes: Namesakes
}

interface Searched {
  /** Milliseconds. */
  readonly times: number[]
  readonly found: number
}

const run = async ({ url, token, namesakes, seconds }: Load): Promise<Searched> => {
  const pool = new Pool(url, { connections: IN_FLIGHT })
  const queries = queriesOf(namesakes)
  const end = performance.now() + seconds * 1000
  const times: number[] = []
  let [turn, found] = [0, 0]
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      const q = queries[turn++ % queries.length] ?? ''
      const startedMs = performance.now()
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path: '/v8/search/contacts',
        query: { q },
        headers: { authorization: `Bearer ${token}` },
      })
      const answer = (await body.json()) as { readonly found: number }
      if (statusCode !== 200) throw new Error(`a search was answered with ${statusCode}`)
      times.push(performance.now() - startedMs)
      found += answer.found
    }
  }
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  } finally {
    await pool.destroy()
  }
  return { times, found }
}

/** Counting a million rows would be felt by those who search. */
const countIndexed = async (database: pg.Client): Promise<number> => {
  const { rows } = await database.query<{ count: string }>(
    `select count(*) from brig.users where id <= (select after from brig.search_progress)`,
  )
  return Number(rows[0]?.count ?? 0)
}

const untilBuilt = async (database: pg.Client): Promise<number> => {
  const startedMs = performance.now()
  for (;;) {
    const { rows } = await database.query<{ is_complete: boolean }>('select is_complete from brig.search_progress')
    const elapsedMs = performance.now() - startedMs
    if (rows[0]?.is_complete) return elapsedMs / 1000
    if (elapsedMs > BUILD_TIMEOUT_MS) throw new Error('the index was not complete in time')
    await systemClock.sleep(POLL_MS)
  }
}
