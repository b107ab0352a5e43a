/**
 * One running backend under attack, the people on it, and what each of them can see of himself. Its signing key is
 * read while it is down: the only way to hold a token that has expired, or of somebody who does not exist.
 */
import { UserId } from '#src/contract/ids.ts'
import { brigMigrations } from '#src/services/brig/brig.ts'
import { systemClock } from '#src/kit/clock.ts'
import { nullLog } from '#src/kit/log.ts'
import { outboxMigrations } from '#src/queue/outbox.ts'
import { newPrivateKey, type TokenKeys, tokenKeys } from '#src/services/brig/token-keys.ts'
import { keysFor } from '#src/services/brig/store-sessions.ts'
import type { BrigTables } from '#src/services/brig/tables.ts'
import { openDatabase } from '#src/storage/database.ts'
import type { Backend } from '#src/world/backend.ts'
import type { Person } from '#src/world/person.ts'
import { TestNetwork } from '#src/world/test-network.ts'
import type { Stolen } from './bad-tokens.ts'
import type { Answered } from './client-answers.ts'
import { type Asked, type Stranger, strangerTo } from './stranger.ts'

const DOMAIN = 'alpha.test'

/** What somebody sees at one address. */
export interface State extends Pick<Answered, 'status' | 'text'> {
  readonly target: string
}

export interface AttackedBackend extends AsyncDisposable {
  /** Sends what is to be refused. */
  readonly alice: Person
  /** A friend of alice, for whom others would like to be taken. */
  readonly bob: Person
  /** Sends what may be taken, so that his things may change. */
  readonly mallory: Person
  /** What somebody got hold of who wants to be alice. */
  readonly stolen: Stolen
  /** Headers that our own parts believe, in favour of bob. */
  readonly spoofed: Readonly<Record<string, string>>
  ask(asked: Asked): Promise<Answered>
  /** Everything that somebody sees of himself, and bob sees of him. */
  stateOf(person: Person, headers?: Readonly<Record<string, string>>): Promise<readonly State[]>
}

export const bearer = (token: string | undefined): { readonly authorization: string } => ({
  authorization: `Bearer ${token ?? ''}`,
})

export const startAttackedBackend = async (): Promise<AttackedBackend> => {
  await using starting = new AsyncDisposableStack()
  const network = starting.use(await TestNetwork.start([DOMAIN]))
  const backend = network.backend(DOMAIN)
  await backend.stop()
  const keys = await signingKeysOf(backend)
  await backend.start()
  const stranger = starting.use(strangerTo(backend.clientApi))
  const people = starting.use(await network.people(`alice@${DOMAIN}`, `bob@${DOMAIN}`, `mallory@${DOMAIN}`))
  await settle(people.alice, people.bob)
  const running = starting.move()
  return {
    ...people,
    stolen: stolenFrom(people.alice, keys),
    spoofed: spoofing(people.bob),
    ask: (asked) => stranger.ask(asked),
    stateOf: (person, headers) => stateOf(stranger, person, headers),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const signingKeysOf = async ({ layout }: Backend): Promise<TokenKeys> => {
  await using database = await openDatabase({ dataDirectory: layout.dataDirectory, log: nullLog })
  const db = await database.schema<BrigTables>('brig', brigMigrations, outboxMigrations)
  const fresh = { privateKey: newPrivateKey(), now: systemClock.now() }
  return tokenKeys(await db.transaction().execute((tx) => keysFor(tx, 'access-token', fresh)), systemClock)
}

/** Alice has some of everything, and the last events of brig and of galley have arrived. */
const settle = async (alice: Person, bob: Person): Promise<void> => {
  await alice.app.http.call({ method: 'PUT', path: '/properties/webapp', body: { keep: 'me' } })
  await alice.connectWith(bob)
  const conversation = await alice.createConversation([bob])
  await alice.app.http.call({ method: 'PUT', path: '/self', body: { name: 'Alice' } })
  await bob.inbox.until('the new name', (events) => events.find(({ type }) => type === 'user.update'))
  await bob.send(conversation, 'hello')
  await alice.receives(conversation, 'hello')
}

const stolenFrom = ({ user, app: { http } }: Person, keys: TokenKeys): Stolen => ({
  user: UserId.parse(user.id),
  token: http.token ?? '',
  cookie: (http.cookie ?? '').replace('zuid=', ''),
  keys,
})

const spoofing = ({ user, client }: Person): Record<string, string> => ({
  'z-user': user.id,
  'z-client': client,
  'z-connection': '1',
  'z-type': 'access',
  'z-provider': user.id,
  'z-bot': user.id,
  'x-comity-api-version': '0',
  'x-forwarded-for': '192.0.2.1',
  'request-id': 'spoofed',
})

const stateOf = async (
  stranger: Stranger,
  { app, user, client }: Person,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly State[]> => {
  const read = async ([method, path]: (typeof VIEWS)[number]): Promise<State> => {
    const target = `/v8${path}`.replace('{user}', `${user.domain}/${user.id}`).replace('{client}', client)
    const asked = { method, target, headers: { ...headers, ...bearer(app.http.token) } }
    const { status, text } = await stranger.ask(asked)
    return { target, status, text }
  }
  return Promise.all(VIEWS.map(read))
}

const VIEWS = [
  ['GET', '/self'],
  ['GET', '/users/{user}'],
  ['GET', '/clients'],
  ['GET', '/clients/{client}/prekeys'],
  ['GET', '/cookies'],
  ['GET', '/properties-values'],
  ['POST', '/list-connections'],
  ['POST', '/conversations/list-ids'],
  ['GET', '/notifications/last'],
] as const
