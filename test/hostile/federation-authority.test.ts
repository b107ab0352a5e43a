/**
 * A backend is believed about its own users and conversations and about nobody else's. Every RPC of the contract is
 * called with every id and every domain in it swapped for every other one: it is refused, or changes nothing, and tells
 * nothing that the right call was told. What may happen all the same is listed in `rpc/allowed.ts`.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { brigFederation } from '#src/contract/federation/brig.ts'
import { cargoholdFederation } from '#src/contract/federation/cargohold.ts'
import { galleyFederation } from '#src/contract/federation/galley.ts'
import type { Domain } from '#src/contract/ids.ts'
import { type Allowed, ALLOWED } from './rpc/allowed.ts'
import { type Answered, type CalledBackend, type NamedRpc, startCalledBackend } from './rpc/backend.ts'
import { A, AVAILABLE, B, BYTES_OF, C, exchangeable, HANDLE_OF_ALICE, SECRET_NAME, SHARED_NAME } from './rpc/cast.ts'
import { type Call, callsOf } from './rpc/payloads.ts'
import { type Swap, swapsOf } from './rpc/swaps.ts'

const CONTRACT: Readonly<Record<string, NamedRpc>> = { ...brigFederation, ...galleyFederation, ...cargoholdFederation }

void suite('backends that speak for others', { concurrency: false, tags: ['embedded'] }, () => {
  let backend: CalledBackend
  const needed: Needed[] = []
  before(async () => {
    backend = await startCalledBackend()
  })
  after(() => backend?.[Symbol.asyncDispose]())

  for (const [rpc, entry] of Object.entries(CONTRACT)) {
    test(`${entry.service} ${rpc} believes a backend about its own and about nobody else's`, async () => {
      const calls = Object.entries(callsOf(backend.cast)[rpc] ?? {})
      assert.notEqual(calls.length, 0, 'rpc/payloads.ts has no call of it')
      const problems: string[] = []
      for (const [about, call] of calls) {
        const right = await backend.attempt(B, entry, call.payload)
        problems.push(
          ...wrongWith(call, entry, right).map((problem) => `the right call${about && `, ${about}`}: ${problem}`),
        )
        for (const tried of variantsOf(call.payload, backend)) {
          const answered = await backend.attempt(tried.origin, entry, tried.payload)
          const found = problemsOf({ rpc, about, call, tried, answered, right }, backend, needed)
          problems.push(...found.map((problem) => `${about} ${tried.path}: ${tried.from} -> ${tried.to}: ${problem}`))
        }
      }
      assert.deepEqual(problems, [])
    })
  }

  test('everything that is allowed does happen', () => {
    const idle = ALLOWED.flatMap(({ rpcs, path, to }) => {
      const tried = needed.filter((each) => rpcs.includes(each.rpc) && each.path === path)
      const isIdle = (name: string) => !tried.some(({ from, to: other }) => name === other || name === from)
      return to.filter(isIdle).map((name) => `${rpcs.join(' ')} ${path} ${name}`)
    })
    assert.deepEqual(idle, [])
  })
})

interface Variant extends Swap {
  readonly origin: Domain
}

/** The same call from elsewhere too. */
const variantsOf = (payload: unknown, { cast }: CalledBackend): Variant[] => [
  ...swapsOf(payload, cast).map((swap) => ({ ...swap, origin: B })),
  { path: '(origin)', from: 'b', to: 'c', payload, origin: C },
]

const wrongWith = ({ payload, changes }: Call, { input }: NamedRpc, right: Answered): string[] => [
  ...(input.safeParse(payload).success ? [] : ['it does not fit the contract']),
  ...(right.status === 200 ? [] : [`it is answered with ${right.status} ${right.text}`]),
  ...(right.changes.length > 0 === changes ? [] : [`it changes ${right.changes.length} rows: ${right.text}`]),
]

interface Outcome {
  readonly rpc: string
  readonly about: string
  readonly call: Call
  readonly tried: Variant
  readonly answered: Answered
  readonly right: Answered
}

/** Something that is allowed, and did happen. */
interface Needed extends Pick<Swap, 'path' | 'from' | 'to'> {
  readonly rpc: string
}

const problemsOf = (
  { rpc, about, call, tried, answered, right }: Outcome,
  backend: CalledBackend,
  needed: Needed[],
): string[] => {
  const { status, text, changes } = answered
  if (status >= 500) return [`answered with ${status} ${text}`]
  const sent = JSON.stringify(tried.payload)
  const isTold = (secret: string) => right.text.includes(secret) && text.includes(secret) && !sent.includes(secret)
  const told = tellingOf(backend).filter(isTold)
  if (call.never !== undefined && text.includes(call.never)) told.push(call.never)
  const rows = changes.map(({ table, row, kind }) => `${kind} in ${table}: ${row.slice(0, ROW_CHARACTERS)}`)
  const happened = [...told.map((secret) => `it is told ${secret}`), ...rows]
  const never = [SECRET_NAME, BYTES_OF.closed].filter((each) => text.includes(each)).map((each) => `it is told ${each}`)
  const allowed = ALLOWED.find((each) => isAbout(each, { rpc, about, tried }))
  if (!allowed) return [...never, ...happened]
  if (happened.length > 0) needed.push({ rpc, ...tried })
  const others = tried.origin === B ? C : B
  const ofOthers = changes.filter(({ row }) => row.includes(others)).map(({ row }) => `it speaks of ${others}: ${row}`)
  return allowed.ofAnybody ? never : [...never, ...ofOthers]
}

const isAbout = (allowed: Allowed, { rpc, about, tried }: Pick<Outcome, 'rpc' | 'about' | 'tried'>): boolean =>
  allowed.rpcs.includes(rpc) &&
  allowed.path === tried.path &&
  allowed.to.includes(tried.to) &&
  (allowed.about === undefined || allowed.about === about)

const ROW_CHARACTERS = 300

/** What only somebody may know whom it concerns. */
const tellingOf = ({ cast }: CalledBackend): string[] => [
  SHARED_NAME,
  HANDLE_OF_ALICE,
  AVAILABLE,
  BYTES_OF.open,
  ...exchangeable(cast).flatMap((kind) => Object.values(kind).filter((id) => id !== A && id !== B && id !== C)),
]
