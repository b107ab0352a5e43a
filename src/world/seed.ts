/**
 * Fills a world with life through the public API, as apps would: accounts, devices, connections across backends, a
 * group of everybody, and a first message from the first person to the others. On a later start the people log in
 * to what exists already and the message is a new one.
 */
import type { Random } from '#src/kit/random.ts'
import type { Qualified } from './app-client.ts'
import { AppError } from './app-http.ts'
import { epochMicros } from './epoch.ts'
import { type Account, Person } from './person.ts'

export interface SeedPlan {
  readonly residents: readonly Resident[]
  /** Of an earlier start. */
  readonly conversation?: Qualified | undefined
}

export interface Resident {
  readonly clientApi: string
  readonly account: Account
}

export interface Seeded {
  readonly people: readonly { readonly account: Account; readonly user: Qualified; readonly isNew: boolean }[]
  readonly conversation: Qualified
  readonly message: FirstMessage
}

/** Times in microseconds since the epoch. */
export interface FirstMessage {
  readonly text: string
  readonly requestId: string
  readonly from: string
  readonly fromDomain: string
  readonly to: string
  readonly toDomain: string
  readonly sentAt: number
  readonly answeredAt: number
  readonly receivedAt: number
}

export interface SeedOptions {
  readonly random: Random
  readonly say: (progress: string) => void
}

export async function seed({ residents, conversation }: SeedPlan, { random, say }: SeedOptions): Promise<Seeded> {
  await using opened = new AsyncDisposableStack()
  const arrivals = await Promise.all(residents.map((resident) => arrive(resident, random)))
  const people = arrivals.map(({ person }) => opened.use(person))
  const isAnyNew = arrivals.some(({ isNew }) => isNew)
  say(isAnyNew ? 'accounts and devices are registered' : 'accounts are logged in')

  const [first, ...others] = people
  if (!first) throw new Error('a world has at least one backend')
  for (const other of others) await ensureConnected(first, other)
  const group = await ensureConversation({ first, others, known: conversation })
  const message = await sendFirst(group, { first, others, random })
  return {
    people: arrivals.map(({ person, isNew }) => ({ account: person.account, user: person.user, isNew })),
    conversation: group,
    message,
  }
}

async function arrive({ clientApi, account }: Resident, random: Random): Promise<{ person: Person; isNew: boolean }> {
  try {
    return { person: await Person.logIn(clientApi, account, random), isNew: false }
  } catch (error) {
    // The account does not exist: this is the first start, or the first on this database.
    if (!(error instanceof AppError) || error.label !== 'invalid-credentials') throw error
    return { person: await Person.register(clientApi, account, random), isNew: true }
  }
}

async function ensureConnected(first: Person, other: Person): Promise<void> {
  const connection = await first.app.connection(other.user)
  if (connection?.status !== 'accepted') await first.connectWith(other)
}

interface Circle {
  readonly first: Person
  readonly others: readonly Person[]
}

async function ensureConversation({
  first,
  others,
  known,
}: Circle & { known: Qualified | undefined }): Promise<Qualified> {
  const existing = await first.app.conversations()
  if (known && existing.some((conversation) => conversation.id === known.id)) {
    const { members } = await first.app.conversation(known)
    const present = new Set(members.others.map((member) => member.qualified_id.id))
    if (others.every((other) => present.has(other.user.id))) return known
  }
  return first.createConversation(others, 'First contact')
}

async function sendFirst(conversation: Qualified, circle: Circle & { random: Random }): Promise<FirstMessage> {
  // Once without looking: what connections and caches need is then there, and the times are those of a conversation.
  await exchange(conversation, 'Hello?', circle)
  return exchange(conversation, `Hello from ${circle.first.account.name}!`, circle)
}

async function exchange(
  conversation: Qualified,
  greeting: string,
  { first, others, random }: Circle & { random: Random },
): Promise<FirstMessage> {
  // Unlike that of an earlier start, which catching up brings as well.
  const text = `${greeting} (${random.uuid().slice(0, 8)})`
  const arrivals = others.map((other) => other.receives(conversation, text))
  const sentAt = epochMicros()
  const { requestId } = await first.send(conversation, text)
  const answeredAt = epochMicros()
  const received = await Promise.all(arrivals)
  const reader = others[0] ?? first
  return {
    text,
    requestId,
    from: first.account.handle,
    fromDomain: first.user.domain,
    to: reader.account.handle,
    toDomain: reader.user.domain,
    sentAt,
    answeredAt,
    receivedAt: received[0]?.receivedAt ?? answeredAt,
  }
}
