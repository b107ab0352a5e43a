/** What `comity world run` prints when everything is up: addresses, accounts, and what to try next. */
import type { Network } from './network.ts'
import type { Seeded } from './seed.ts'

export function welcome(network: Network, { people, conversation }: Seeded, world: string): string {
  const [first, second] = people
  const at = network.backends.map(
    ({ domain, clientApi, ports }) => `    ${domain}  ${clientApi}   ingress 127.0.0.1:${ports.ingress}`,
  )
  const accounts = people.map(
    ({ account }) => `    ${account.email}  password ${account.password}  (@${account.handle})`,
  )
  const api = network.backends[0]?.clientApi ?? ''
  const credentials = JSON.stringify({ email: first?.account.email, password: first?.account.password })
  return [
    'The world is up. Ctrl-C stops it.',
    '',
    '  Backends (client API, for apps):',
    ...at,
    '',
    '  Accounts:',
    ...accounts,
    '',
    '  To try in another terminal:',
    `    API=${api}`,
    `    TOKEN=$(curl -s "$API/v8/login?persist=true" -H 'content-type: application/json' \\`,
    `      -d '${credentials}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `    curl -s "$API/v8/self" -H "authorization: Bearer $TOKEN"`,
    ...(second ? tryTheOther(second.user.domain, second.account.handle) : []),
    `    curl -s "$API/v8/conversations/${conversation.domain}/${conversation.id}" -H "authorization: Bearer $TOKEN"`,
    ...(second ? outage(second.user.domain, world) : []),
    '',
    `  Logs, data, keys and configuration: ${network.layout.directory}`,
  ].join('\n')
}

const tryTheOther = (domain: string, handle: string): string[] => [
  `    curl -s "$API/v8/search/contacts?q=${handle}&domain=${domain}" -H "authorization: Bearer $TOKEN"`,
]

const outage = (domain: string, world: string): string[] => [
  `    npm run comity -- world stop ${domain}${world}     # what is sent meanwhile waits for it`,
  `    npm run comity -- world start ${domain}${world}`,
]
