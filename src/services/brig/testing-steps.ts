/** For tests: what people of a brig do in most of them. */
import assert from 'node:assert/strict'
import type { Connection } from '#src/contract/connections.ts'
import type { ClientId } from '#src/contract/ids.ts'
import { newDevice, type Person } from './testing.ts'

/** Where a path names somebody. */
export const to = ({ brig, id }: Person) => ({ domain: brig.domain, user: id })

export const ask = (from: Person, other: Person) => from.calls('request-connection', { params: to(other) })

/** Both have asked, which is as good as an answer. */
export const connect = async (one: Person, other: Person): Promise<void> => {
  await ask(one, other)
  await ask(other, one)
}

/** From the first one's side. */
export const connectionOf = async (one: Person, other: Person): Promise<Connection | undefined> => {
  const found = await one.calls('get-connection', { params: to(other) })
  return found.outcome === 'found' ? found.body : undefined
}

export const statusOf = async (one: Person, other: Person): Promise<Connection['status'] | undefined> =>
  (await connectionOf(one, other))?.status

export const addDevice = async (
  person: Person,
  seed: string,
  overrides: Record<string, unknown> = {},
): Promise<ClientId> => {
  const answer = await person.calls('register-device', { body: newDevice(seed, overrides) })
  assert.ok(answer.outcome === 'registered', answer.outcome)
  return answer.body.id
}
