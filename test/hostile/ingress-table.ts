/**
 * Who and what is refused at an ingress, and how (federation-transport.md §16 and the traps of hardening). Every row
 * is tried over real TLS on every kind of ingress; no row that is refused may reach a component.
 */
import type { OutgoingHttpHeaders } from 'node:http2'
import type { KnownRemotes } from '#src/federation/policy.ts'
import { Domain } from '#src/contract/ids.ts'
import { FEDERATION_REQUEST_BYTES_MAX } from '#src/rpc/limits.ts'
import { type Callers, PEER } from './callers.ts'

export interface Row {
  readonly name: string
  readonly status: number
  readonly label?: string
  /** Where nginx is stricter, or answers in other words. */
  readonly onNginx?: { readonly status: number; readonly label?: string }
  readonly caller?: keyof Callers | 'nobody'
  readonly method?: string
  readonly path?: string
  readonly headers?: OutgoingHttpHeaders
  /** The header is not sent at all. */
  readonly origin?: string | undefined
  readonly authority?: string
  readonly over?: 'h2' | 'http/1.1'
  readonly body?: Uint8Array
  readonly remotes?: KnownRemotes
  /** A header that carries the certificate of the caller we know, sent by somebody else. */
  readonly spoofed?: readonly string[]
}

const ROUTE = '/federation/brig/get-users-by-ids'
const row = (name: string, status: number, more: Omit<Row, 'name' | 'status'> = {}): Row => ({ name, status, ...more })
const path = (target: string, status: number): Row => row(`path ${target}`, status, { path: target })
const listed = (...domains: string[]): KnownRemotes => ({
  strategy: 'allowDynamic',
  remotes: domains.map((domain) => ({ domain: Domain.parse(domain) })),
})

const PATHS: readonly Row[] = [
  path('/', 404),
  path('///', 404),
  path('/federation', 404),
  path('/federation/', 404),
  path('/federation/brig', 404),
  path('/federation/brig/', 404),
  path('/federation//get-users-by-ids', 404),
  path('//federation/brig/get-users-by-ids', 404),
  path('/federation/brig//get-users-by-ids', 404),
  path('/i/users', 404),
  path('/i/status', 404),
  path('/i/metrics', 404),
  path('/rpc/b.test/brig/api-version', 404),
  path('/federation/brig/too/many/components', 404),
  path('/federation/brig/../i/users', 404),
  path('/federation/../i/status', 404),
  path('/federation/brig/%2e%2e/i/users', 404),
  path('/federation/brig/%2E%2E/i/users', 404),
  path('/federation/brig/%252e%252e/i/users', 404),
  path('/federation/brig/%c0%ae%c0%ae/i/users', 404),
  path('/federation/brig/..', 400),
  path('/federation/brig/..%2Fi%2Fusers', 400),
  path('/federation/brig/get%00users', 400),
  path('/federation/brig/%ff', 400),
  path('/federation/brig/get%20users', 400),
  path('/federation/brig/get-us%C3%A9rs', 400),
  path('/federation/brig/%D9%A1', 400),
  path('/federation/mast/get-users', 400),
  path('/federation/Brig/get-users', 400),
  path('/federation/gundeck/get-users', 400),
  row('a query string', 403, { path: '/federation/brig/stuff?key=value', label: 'invalid-endpoint' }),
  row('a query string with brackets', 403, { path: '/federation/brig/stuff?bar[]=baz', label: 'invalid-endpoint' }),
  row('an empty query string', 403, { path: '/federation/brig/stuff?', label: 'invalid-endpoint' }),
]

const METHODS: readonly Row[] = ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].map((method) =>
  row(`method ${method}`, 403, { method, path: '/federation/galley/send-message', label: 'invalid-endpoint' }),
)

const CERTIFICATES: readonly Row[] = [
  row('no client certificate', 400, { caller: 'nobody' }),
  row('a certificate of another authority', 400, { caller: 'otherAuthority' }),
  row('a certificate of an authority that bears the same name', 400, { caller: 'impostorAuthority' }),
  row('an untrusted certificate for servers only', 400, { caller: 'impostorServerPurpose' }),
  row('a self-signed certificate', 400, { caller: 'selfSigned' }),
  row('a self-signed certificate for servers only', 400, { caller: 'selfSignedServerPurpose' }),
  row('an expired certificate', 400, { caller: 'expired' }),
  row('a certificate that is not valid yet', 400, { caller: 'notYetValid' }),
  row('a certificate for servers only', 400, { caller: 'serverPurposeOnly' }),
  row('a certificate of an intermediate authority, where none is allowed', 400, { caller: 'viaIntermediate' }),
  row('no client certificate, over HTTP/1.1', 400, { caller: 'nobody', over: 'http/1.1' }),
  row('an expired certificate, over HTTP/1.1', 400, { caller: 'expired', over: 'http/1.1' }),
  row('no client certificate and no path of ours', 400, { caller: 'nobody', path: '/i/status' }),
]

const refusedName = { status: 403, label: 'authentication-failure' }
const NAMES: readonly Row[] = [
  { name: 'a certificate for another host', caller: 'otherHost', ...refusedName },
  { name: 'a certificate for the backend domain alone', caller: 'domainOnly', ...refusedName },
  { name: 'the right common name and no alternative name', caller: 'commonNameOnly', ...refusedName },
  { name: 'the right common name beside another alternative name', caller: 'commonNameBesideOther', ...refusedName },
  { name: 'an e-mail address at the right host', caller: 'emailName', ...refusedName },
  { name: 'a URL at the right host', caller: 'urlName', ...refusedName },
  { name: 'a wildcard one label too high', caller: 'wideWildcard', ...refusedName },
  { name: 'a wildcard within a label', caller: 'partialWildcard', ...refusedName },
  { name: 'a wildcard and nothing else', caller: 'loneWildcard', ...refusedName },
  { name: 'a name below the right host', caller: 'deeperName', ...refusedName },
  { name: 'the right host with a dot at its end in the certificate', caller: 'trailingDot', ...refusedName },
]

const SPOOFED: readonly Row[] = [
  row('a certificate in a header instead of one', 400, { caller: 'nobody', spoofed: ['x-ssl-certificate'] }),
  {
    name: 'the certificate of somebody else in a header',
    caller: 'otherHost',
    spoofed: ['x-ssl-certificate'],
    ...refusedName,
  },
  {
    name: 'the same over HTTP/1.1',
    caller: 'otherHost',
    spoofed: ['X-SSL-Certificate'],
    over: 'http/1.1',
    ...refusedName,
  },
  {
    name: 'the same with underscores',
    caller: 'otherHost',
    spoofed: ['x_ssl_certificate', 'X_SSL_CERTIFICATE'],
    ...refusedName,
  },
  {
    name: 'the same with underscores over HTTP/1.1',
    caller: 'otherHost',
    spoofed: ['X_SSL_Certificate', 'x-ssl_certificate'],
    over: 'http/1.1',
    ...refusedName,
  },
  {
    name: 'the same in headers of other proxies',
    caller: 'otherHost',
    spoofed: ['client-cert', 'x-forwarded-client-cert', 'ssl-client-cert'],
    ...refusedName,
  },
]

const ORIGINS: readonly Row[] = [
  row('no origin domain', 400, { origin: undefined }),
  row('an empty origin domain', 400, { origin: '' }),
  row('an origin that is no domain', 400, { origin: 'peer_test' }),
  row('an origin with a dot at its end', 400, { origin: 'peer.test.' }),
  row('an origin with a port', 400, { origin: 'peer.test:443' }),
  row('an origin with one label', 400, { origin: 'peer' }),
  row('two origins in one header', 400, { origin: `${PEER},mallory.test` }),
  row('our own domain as origin', 400, { origin: 'own.test', label: 'federation-denied' }),
  row('our own domain in other letters', 400, { origin: 'OWN.Test', label: 'federation-denied' }),
  row('an origin that is not on the list', 400, { remotes: listed('other.test'), label: 'federation-denied' }),
  row('an origin while we federate with nobody', 400, {
    remotes: { strategy: 'allowNone', remotes: [] },
    label: 'federation-denied',
  }),
  row('an origin without service records', 422, { origin: 'silent.test', label: 'invalid-domain' }),
  row('an origin whose zone has no such name', 422, { origin: 'absent.silent.test', label: 'invalid-domain' }),
  row('an origin that says it has no such service', 422, { origin: 'root.test', label: 'invalid-domain' }),
  row('an origin whose records cannot be looked up', 400, { origin: 'nowhere.example', label: 'discovery-failure' }),
  row('an origin that points to another host', 403, { origin: 'mallory.test', label: 'authentication-failure' }),
  row('a wrong method by one who is not on the list', 403, {
    method: 'GET',
    remotes: listed(),
    label: 'invalid-endpoint',
  }),
]

const TOO_LARGE: readonly Row[] = [
  row('a body over the limit', 413, { body: Buffer.alloc(FEDERATION_REQUEST_BYTES_MAX + 1), label: 'client-error' }),
  row('another host', 421, { authority: 'www.own.test' }),
  row('another host over HTTP/1.1', 421, { authority: 'www.own.test', over: 'http/1.1' }),
  // nginx tells a name that is not the negotiated one before it looks at certificates.
  row('another host without certificate', 400, {
    authority: 'www.own.test',
    caller: 'nobody',
    onNginx: { status: 421 },
  }),
]

export const REFUSED: readonly Row[] = [
  ...PATHS,
  ...METHODS,
  ...CERTIFICATES,
  ...NAMES,
  ...SPOOFED,
  ...ORIGINS,
  ...TOO_LARGE,
].map((each) => ({ path: ROUTE, ...each }))

export const ACCEPTED: readonly Row[] = [
  row('a well-behaved peer', 200),
  row('a well-behaved peer over HTTP/1.1', 200, { over: 'http/1.1' }),
  row('a certificate for clients only', 200, { caller: 'clientPurposeOnly' }),
  row('a certificate for any purpose', 200, { caller: 'anyPurpose' }),
  row('an RSA certificate', 200, { caller: 'rsa' }),
  row('one of several names', 200, { caller: 'severalNames' }),
  row('a wildcard for the left-most label', 200, { caller: 'wildcard' }),
  row('a name in upper case', 200, { caller: 'upperCase' }),
  row('the second of two targets', 200, { caller: 'secondTarget' }),
  row('an origin in upper case', 200, { origin: PEER.toUpperCase() }),
  row('an origin on the list', 200, { remotes: listed('other.test', PEER) }),
  row('a secret of an ingress that the peer made up', 200, { headers: { 'comity-ingress-secret': 'x'.repeat(43) } }),
  row('the same over HTTP/1.1', 200, { headers: { 'Comity-Ingress-Secret': 'x'.repeat(43) }, over: 'http/1.1' }),
  row('a slash after the name', 200, { path: `${ROUTE}/` }),
  row('a host with a dot at its end and a port', 200, { authority: 'federator.own.test.:443' }),
].map((each) => ({ path: ROUTE, ...each }))
