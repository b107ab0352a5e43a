/** Profiles of 500 people of ten other backends: how many calls that makes, and how long it takes when each takes a while. */
import { systemClock } from '#src/kit/clock.ts'
import { jsonResponse, type Transport } from '#src/kit/http/wire.ts'
import { nullLog } from '#src/kit/log.ts'
import { Domain, type QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { newNetwork, registerPerson, startTestBrig } from '#src/services/brig/testing.ts'
import { openDatabase } from '#src/storage/database.ts'
import { startPostgres } from '#test/services/postgres.ts'
import { type Figure, median } from '../figures.ts'

const BACKENDS = 10
const USERS = 500
const ROUND_TRIP_MS = 20
const REQUESTS = 50

export const measureProfiles = async (say: (progress: string) => void): Promise<readonly Figure[]> => {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startPostgres({ isDurable: true }))
  const url = await server.createDatabase('brig')
  const database = stack.use(await openDatabase({ url, dataDirectory: '', log: nullLog }))
  const network = newNetwork()
  const brig = stack.use(await startTestBrig({ database, network }))
  const domains = Array.from({ length: BACKENDS }, (_, number) => Domain.parse(`r${number}.example`))
  for (const domain of domains) network.members.set(domain, answering(domain))
  const alice = await registerPerson(brig)
  let calls = 0
  network.onCall = async ({ rpc }) => {
    if (rpc === 'get-users-by-ids') calls += 1
  }

  say(`profiles: ${USERS} people of ${BACKENDS} backends, each ${ROUND_TRIP_MS} ms away`)
  const body = { qualified_ids: peopleOf(domains) }
  const times: number[] = []
  for (let request = 0; request < REQUESTS; request += 1) {
    const startedMs = systemClock.monotonicMs()
    const listed = await alice.calls('list-users', { body })
    times.push(systemClock.monotonicMs() - startedMs)
    if (listed.outcome !== 'listed' || listed.body.found.length !== USERS) throw new Error('somebody is missing')
  }
  return [
    {
      name: `calls for ${USERS} people of ${BACKENDS} backends`,
      value: calls / REQUESTS,
      unit: '1',
      below: BACKENDS + 1,
    },
    { name: `their profiles, each backend ${ROUND_TRIP_MS} ms away, median`, value: median(times), unit: 'ms' },
  ]
}

const answering = (domain: Domain): Transport => ({
  send: async ({ params, body }) => {
    if (params['rpc'] === 'api-version')
      return jsonResponse(200, { supported: [0, 1], supported_versions: [0, 1, 2, 3] })
    await systemClock.sleep(ROUND_TRIP_MS)
    const ids = JSON.parse(Buffer.from(body).toString('utf8')) as UserId[]
    return jsonResponse(
      200,
      ids.map((id) => profileOf({ domain, id })),
    )
  },
})

const profileOf = (qualified_id: QualifiedUserId) => ({
  qualified_id,
  id: qualified_id.id,
  name: 'somebody',
  accent_id: 0,
  legalhold_status: 'no_consent',
})

const peopleOf = (domains: readonly Domain[]): QualifiedUserId[] =>
  Array.from({ length: USERS }, (_, number) => ({
    domain: domains[number % domains.length] ?? Domain.parse('nobody.example'),
    id: UserId.parse(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`),
  }))
