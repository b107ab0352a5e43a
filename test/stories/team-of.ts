import assert from 'node:assert/strict'
import { request } from 'undici'
import { AppHttp } from '#src/world/app-http.ts'
import type { Person } from '#src/world/person.ts'
import type { TestNetwork } from '#src/world/test-network.ts'

/** A team that somebody founded, with these in it. */
export const teamOf = async (
  network: TestNetwork,
  { owner, members }: { readonly owner: Person; readonly members: readonly Person[] },
): Promise<string> => {
  const { clientApi, ports } = network.backend(owner.user.domain)
  await using founder = new AppHttp(clientApi)
  const email = `founder-of-${owner.account.handle}@alpha.test`
  const account = { name: 'founder', email, password: 'founder password', team: { name: 'Team', icon: 'default' } }
  const { body } = await founder.call({ method: 'POST', path: '/register', body: account })
  const { team } = body as { readonly team: string }
  for (const [person, role] of [[owner, 'owner'], ...members.map((member) => [member, 'member'])] as const) {
    const { statusCode } = await request(`http://127.0.0.1:${ports.brig}/i/teams/${team}/members`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: (person as Person).user.id, role }),
    })
    assert.equal(statusCode, 200)
  }
  return team
}
