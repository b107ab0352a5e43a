/** The routes that look at cookie and token themselves, with every class of either in either place. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { callPublic, PASSWORD, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

const CLASSES = ['none', 'access', 'user', 'nonsense'] as const
type Class = (typeof CLASSES)[number]

interface Route {
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body?: unknown
  readonly needsToken: boolean
  readonly opened: number
}

const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/access', needsToken: false, opened: 200 },
  { method: 'PUT', path: '/access/self/email', body: { email: 'new@a.example' }, needsToken: true, opened: 202 },
  { method: 'POST', path: '/access/logout', needsToken: true, opened: 200 },
]

let brig: TestBrig
before(async () => {
  brig = await startTestBrig()
})
after(() => brig[Symbol.asyncDispose]())

for (const { method, path, body, needsToken, opened } of ROUTES) {
  for (const cookie of CLASSES) {
    for (const bearer of CLASSES) {
      const isBearerGood = bearer === 'access' || (bearer === 'none' && !needsToken)
      const isOpen = cookie === 'user' && isBearerGood
      test(`${method} ${path} is ${isOpen ? 'open' : 'closed'} to cookie ${cookie} with token ${bearer}`, async () => {
        const alice = await registerPerson(brig)
        const login = await callPublic(brig, { path: '/login', body: { email: alice.email, password: PASSWORD } })
        const values: Record<Class, string> = {
          none: '',
          access: String(login.body['access_token']),
          user: alice.cookie,
          nonsense: 'nonsense',
        }
        const answer = await callPublic(brig, {
          method,
          path,
          body,
          headers: {
            ...(cookie !== 'none' && { cookie: `zuid=${values[cookie]}` }),
            ...(bearer !== 'none' && { authorization: `Bearer ${values[bearer]}` }),
          },
        })
        const label = isOpen ? undefined : 'invalid-credentials'
        assert.deepEqual([answer.status, answer.body['label']], [isOpen ? opened : 403, label])
      })
    }
  }
}
