/** For tests: a cargohold on its own listener, as gateway and federator see it, and people who use it. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { request } from 'undici'
import { z } from 'zod'
import { Asset } from '#src/contract/client/cargohold.ts'
import { Domain, TeamId, UserId } from '#src/contract/ids.ts'
import { brigInternal, LocalUser } from '#src/contract/internal/brig.ts'
import { testClock, type TestClock } from '#src/kit/clock.ts'
import { fake } from '#src/kit/http/fake.ts'
import { listen } from '#src/kit/http/server.ts'
import { createLog, nullLog } from '#src/kit/log.ts'
import { systemRandom } from '#src/kit/random.ts'
import { callerHeaders } from '#src/rpc/context.ts'
import { FederationFailure } from '#src/rpc/federation-failure.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import type { RemoteStreams } from '#src/rpc/remote-streams.ts'
import { embeddedDatabases, type TestDatabases } from '#src/storage/testing.ts'
import { startCargohold, type StoreConfig } from './cargohold.ts'
import { startTestS3 } from './testing-s3.ts'

export const A = Domain.parse('a.example')
export const B = Domain.parse('b.example')
export const ALICE = UserId.parse('6f1e1f2a-0000-4000-8000-00000000a11c')
export const ALEX = UserId.parse('6f1e1f2a-0000-4000-8000-00000000a1e4')
/** In a team. */
export const TINA = UserId.parse('6f1e1f2a-0000-4000-8000-0000000071a0')
/** A guest, without e-mail address. */
export const GUS = UserId.parse('6f1e1f2a-0000-4000-8000-00000000905e')
/** Has deleted his account. */
export const DAN = UserId.parse('6f1e1f2a-0000-4000-8000-0000000dead0')
/** Of another backend. */
export const BOB = UserId.parse('6f1e1f2a-0000-4000-8000-000000000b0b')

export const MAX_BYTES = 100_000
export const TEAM_MAX_BYTES = 200_000
const DAY_SECONDS = 24 * 60 * 60
const LIFETIMES = { volatileSeconds: 28 * DAY_SECONDS, expiringSeconds: 365 * DAY_SECONDS }

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  /** Of an error object. */
  readonly label: string | undefined
}

export interface Asking {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | Readable
  readonly signal?: AbortSignal
}

export interface TestCargohold extends AsyncDisposable {
  readonly clock: TestClock
  readonly url: string
  /** Lines that were logged, as objects. */
  readonly logged: Record<string, unknown>[]
  as(user: UserId, target: string, asking?: Asking): Promise<Answered>
  upload(user: UserId, data: Uint8Array, settings?: object): Promise<Asset>
  /** A question of another backend. */
  from(domain: Domain, rpc: string, input: unknown): Promise<Answered>
  metrics(): Promise<string>
  /** What another backend is from now on; nobody plays one: it is down. */
  plays(remote: PlayedRemote): void
  /** Files and objects that lie in the store. */
  kept(): Promise<readonly string[]>
}

export interface PlayedRemote {
  readonly isAvailable: boolean
  readonly body?: () => Readable
}

export type StoreKind = 'directory' | 's3' | 's3 with redirects'

const user = (id: UserId, more: object): LocalUser =>
  LocalUser.parse({
    qualified_id: { domain: A, id },
    id,
    name: 'somebody',
    accent_id: 0,
    legalhold_status: 'no_consent',
    is_verified: true,
    status: 'active',
    team_role: null,
    ...more,
  })

const USERS: readonly LocalUser[] = [
  user(ALICE, {}),
  user(ALEX, {}),
  user(TINA, { team: TeamId.parse('00000000-0000-4000-8000-00000000beef'), team_role: 'member' }),
  user(GUS, { is_verified: false, status: 'ephemeral', expires_at: '2030-01-01T00:00:00.000Z' }),
  user(DAN, { deleted: true, is_verified: false, status: 'deleted' }),
]

const LABEL = z.object({ label: z.string() })

export const startTestCargohold = async (
  kind: StoreKind,
  databases: () => Promise<TestDatabases> = embeddedDatabases,
): Promise<TestCargohold> => {
  await using starting = new AsyncDisposableStack()
  const directory = await mkdtemp(path.join(tmpdir(), 'comity-cargohold-'))
  starting.defer(() => rm(directory, { recursive: true, force: true }))
  const store = await storeOf(kind, directory, starting)
  const database = starting.use(await starting.use(await databases()).open())
  const clock = testClock()
  const logged: TestCargohold['logged'] = []
  const remote = playRemote()
  const cargohold = starting.use(
    await startCargohold({
      config: {
        domain: A,
        dataDirectory: directory,
        assets: {
          store: store.config,
          maxBytes: MAX_BYTES,
          teamMaxBytes: TEAM_MAX_BYTES,
          remoteMaxBytes: MAX_BYTES,
          ...LIFETIMES,
        },
      },
      database,
      brig: brigOf(USERS),
      ...remote.needs,
      clock,
      random: systemRandom,
      log: createLog({
        level: 'info',
        name: 'cargohold',
        destination: { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
      }),
    }),
  )
  const listener = starting.use(
    await listen(cargohold.routes, { host: '127.0.0.1', port: 0, name: 'cargohold', log: nullLog }),
  )
  const running = starting.move()
  return {
    clock,
    url: listener.url,
    logged,
    ...callsTo(listener.url),
    plays: remote.plays,
    kept: store.kept,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const callsTo = (url: string): Pick<TestCargohold, 'as' | 'upload' | 'from' | 'metrics'> => {
  const ask = async (target: string, { method = 'GET', headers = {}, body, signal }: Asking): Promise<Answered> => {
    const response = await request(`${url}${target}`, {
      method,
      headers,
      body: body ?? null,
      ...(signal && { signal }),
    })
    const bytes = Buffer.from(await response.body.arrayBuffer())
    const label = bytes[0] === 0x7b ? LABEL.safeParse(JSON.parse(bytes.toString())).data?.label : undefined
    return { status: response.statusCode, headers: response.headers, bytes, label }
  }
  const as: TestCargohold['as'] = (who, target, asking = {}) => {
    const caller = callerHeaders({ user: who, client: undefined, connection: '0' })
    return ask(target, { ...asking, headers: { ...caller, 'x-comity-api-version': '8', ...asking.headers } })
  }
  return {
    as,
    upload: async (who, data, settings = {}) => {
      const answered = await as(who, '/assets', { method: 'POST', headers: MULTIPART, body: multipart(settings, data) })
      if (answered.status !== 201) throw new Error(`answered ${answered.status} ${answered.bytes.toString()}`)
      return Asset.parse(JSON.parse(answered.bytes.toString()))
    },
    from: (domain, rpc, input) =>
      ask(`/federation/${rpc}`, {
        method: 'POST',
        headers: { 'wire-origin-domain': domain, 'content-type': 'application/json', 'request-id': 'test' },
        body: Buffer.from(JSON.stringify(input)),
      }),
    metrics: async () => (await ask('/i/metrics', {})).bytes.toString(),
  }
}

const storeOf = async (
  kind: StoreKind,
  directory: string,
  stack: AsyncDisposableStack,
): Promise<{ config: StoreConfig; kept: () => Promise<readonly string[]> }> => {
  if (kind !== 'directory') {
    const s3 = stack.use(await startTestS3({ redirect: kind === 's3 with redirects' }))
    return { config: { kind: 's3', ...s3.options }, kept: s3.objects }
  }
  const kept = async (): Promise<string[]> => {
    const entries = await readdir(path.join(directory, 'assets'), { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  }
  return { config: { kind }, kept }
}

const brigOf = (users: readonly LocalUser[]) =>
  fake(brigInternal, {
    'get-users': async ({ body }) => ({ outcome: 'found', body: users.filter(({ id }) => body.users.includes(id)) }),
  })

const playRemote = () => {
  let played: PlayedRemote | undefined
  const found = (domain: Domain, rpc: string): PlayedRemote => {
    if (domain !== B) throw new FederationFailure({ domain, rpc }, 422, 'invalid-domain', { detail: 'no such domain' })
    if (played) return played
    throw new FederationFailure({ domain, rpc }, 521, 'federation-connection-refused', { detail: 'it is down' })
  }
  const remotes: RemoteBackends = {
    versionOf: async () => 2,
    announces: async () => false,
    call: async (domain, entry) => ({ available: found(domain, entry.name).isAvailable }) as never,
  }
  const streams: RemoteStreams = {
    open: async (domain, entry) => found(domain, entry.name).body?.() ?? Readable.from([]),
  }
  return {
    needs: { remotes, streams },
    plays: (remote: PlayedRemote) => {
      played = remote
    },
  }
}

const BOUNDARY = 'Frontier9x2kq1'

export const MULTIPART = { 'content-type': `multipart/mixed; boundary=${BOUNDARY}` }

export interface MultipartWishes {
  readonly length?: number | string
  readonly boundary?: string
}

/** As stock clients write it: the length of the settings in UTF-16 units. */
export const multipart = (
  settings: object | string,
  data: Uint8Array,
  { length = data.length, boundary = BOUNDARY }: MultipartWishes = {},
): Buffer => {
  const json = typeof settings === 'string' ? settings : JSON.stringify(settings)
  const head = [
    `--${boundary}`,
    'Content-Type: application/json;charset=utf-8',
    `Content-length: ${json.length}`,
    '',
    json,
    `--${boundary}`,
    'Content-Type: application/octet-stream',
    `Content-length: ${length}`,
    'Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==',
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(head.join('\r\n')), data, Buffer.from(`\r\n--${boundary}--\r\n`)])
}
