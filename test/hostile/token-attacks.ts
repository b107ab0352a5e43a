/** Attempts to pass for somebody. */
import { type Attack, type Attempt, asking, type Headers } from './attack.ts'
import { type BadToken, badTokens, tokenOfNobody } from './bad-tokens.ts'
import { addressOf, needsToken, type Target } from './client-endpoints.ts'
import type { Asked } from './stranger.ts'

const withBadToken = (target: Target, { headers, query }: BadToken): Asked => {
  const address = addressOf(target)
  return asking(target, {
    target: query === undefined ? address : `${address}?access_token=${query}`,
    headers: headers ?? {},
  })
}

export const TOKEN_ATTACKS: readonly Attack[] = [
  {
    name: 'opens to no bad token',
    on: needsToken,
    attempts: (target, { stolen }) =>
      badTokens(stolen).map((bad) => ({ what: bad.what, asked: withBadToken(target, bad), expected: bad })),
  },
  {
    name: 'withstands a good token of nobody',
    on: needsToken,
    attempts: (target, { stolen }) => [
      {
        what: 'somebody who does not exist',
        asked: asking(target, { headers: { authorization: `Bearer ${tokenOfNobody(stolen.keys)}` } }),
      },
    ],
  },
  {
    name: 'withstands bad tokens and cookies',
    on: (target) => !needsToken(target),
    attempts: (target, { stolen }) => badTokens(stolen).flatMap((bad) => asTokenAndCookie(target, bad)),
  },
]

const asTokenAndCookie = (target: Target, { what, headers, query }: BadToken): Attempt[] => {
  const value = headers?.authorization.replace('Bearer ', '') ?? query ?? ''
  // client-api-versions.md §5.4: with 401 stock clients would try to renew for ever.
  const isSession = target.path.startsWith('/access')
  const expected = isSession && { expected: { status: 403, label: 'invalid-credentials' } }
  const attempt = (how: string, sent: Headers): Attempt => ({
    what: `${what} as ${how}`,
    // Without a body nothing can come of it; where the session is looked at, it has to come before the body's meaning.
    asked: asking(target, { ...(!isSession && { body: '' }), headers: sent }),
    ...expected,
  })
  const asToken = attempt('token', headers ?? {})
  // What is bad as a token for being a cookie is a good cookie.
  return what.startsWith('a cookie') ? [asToken] : [asToken, attempt('cookie', { cookie: `zuid=${value}` })]
}
