/** Requests that two parsers may understand differently. What hides in them asks for an RPC of this name. */
import { FLAG, FRAME, field, fieldsOf, frame } from '#test/federation/raw-http2.ts'

export const SMUGGLED = 'smuggled'

const HIDDEN = (host: string): string =>
  `POST /federation/brig/${SMUGGLED} HTTP/1.1\r\nHost: ${host}\r\nWire-Origin-Domain: hostile.test\r\nContent-Length: 2\r\n\r\n[]`

interface Smuggling {
  readonly name: string
  readonly bytes: (host: string) => string
}

const request = (name: string, more: string, body: (hidden: string) => string): Smuggling => ({
  name,
  bytes: (host) => {
    const hidden = HIDDEN(host)
    const head = `POST /federation/brig/x HTTP/1.1\r\nHost: ${host}\r\nWire-Origin-Domain: hostile.test\r\n`
    return `${head}${more.replace('LENGTH', String(hidden.length))}\r\n${body(hidden)}`
  },
})

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

export const SMUGGLING: readonly Smuggling[] = [
  request('CL.TE', 'Content-Length: LENGTH\r\nTransfer-Encoding: chunked\r\n', (hidden) => `0\r\n\r\n${hidden}`),
  request('TE.CL', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', (hidden) => `${chunk(hidden)}0\r\n\r\n`),
  request('two lengths', 'Content-Length: 2\r\nContent-Length: LENGTH\r\n', (hidden) => `[]${hidden}`),
  request('a length with a sign', 'Content-Length: +2\r\n', (hidden) => `[]${hidden}`),
  request('a length in two parts', 'Content-Length: 2, 2\r\n', (hidden) => `[]${hidden}`),
  request('a coding that sounds alike', 'Transfer-Encoding: xchunked\r\n', (hidden) => `0\r\n\r\n${hidden}`),
  request('a coding before the last', 'Transfer-Encoding: chunked, identity\r\n', (hidden) => `0\r\n\r\n${hidden}`),
  request(
    'a coding after a tab',
    'Transfer-Encoding:\tchunked\r\nContent-Length: 2\r\n',
    (hidden) => `0\r\n\r\n${hidden}`,
  ),
  request('a space before the colon', 'Content-Length : 2\r\n', (hidden) => `[]${hidden}`),
  request('a header on two lines', 'X-Long: a\r\n Content-Length: 2\r\n', (hidden) => hidden),
  request(
    'lines without carriage return',
    'X-A: b\nTransfer-Encoding: chunked\nContent-Length: 2\r\n',
    (hidden) => `0\r\n\r\n${hidden}`,
  ),
  request('a chunk longer than it says', 'Transfer-Encoding: chunked\r\n', (hidden) => `1\r\n[]${hidden}0\r\n\r\n`),
  request(
    'a chunk size that overflows',
    'Transfer-Encoding: chunked\r\n',
    (hidden) => `ffffffffffffffff1\r\n${hidden}`,
  ),
  request('a zero byte in a header', 'X-A: a\0b\r\nContent-Length: 0\r\n\r\n', () => ''),
]

interface Downgrade {
  readonly name: string
  readonly path?: string
  readonly fields?: readonly (readonly [string, string])[]
  readonly body?: string
}

const HIDING = `\r\n\r\nPOST /federation/brig/${SMUGGLED} HTTP/1.1\r\nhost: x\r\nwire-origin-domain: hostile.test\r\ncontent-length: 2\r\n\r\n[]`

export const DOWNGRADES: readonly Downgrade[] = [
  { name: 'a request in a header value', fields: [['x-wire-api-version', `1${HIDING}`]] },
  { name: 'a header in a header value', fields: [['x-wire-api-version', '1\r\nx-forged: 1']] },
  { name: 'a header in the request id', fields: [['wire-origin-request-id', 'a\nx-forged: 1']] },
  { name: 'a header in the origin', fields: [['wire-origin-domain', 'hostile.test\r\nx-forged: 1']] },
  { name: 'a header in the trace', fields: [['traceparent', 'a\r\nx-forged: 1']] },
  { name: 'a header name with a line break', fields: [['a: b\r\nx-forged', '1']] },
  { name: 'a path with a request in it', path: `/federation/brig/x HTTP/1.1${HIDING}` },
  { name: 'a path with spaces', path: `/federation/brig/x HTTP/1.1 /federation/brig/${SMUGGLED}` },
  { name: 'a path with a whole address', path: `http://internal/federation/brig/${SMUGGLED}/x/y` },
  { name: 'a coding, which HTTP/2 has not', fields: [['transfer-encoding', 'chunked']], body: `0\r\n\r\n${HIDING}` },
  { name: 'a length that is too short', fields: [['content-length', '0']], body: HIDING },
  { name: 'a length that is too long', fields: [['content-length', '500']], body: '[]' },
  {
    name: 'a connection header',
    fields: [
      ['connection', 'upgrade'],
      ['upgrade', 'h2c'],
    ],
  },
  { name: 'two paths', fields: [[':path', `/federation/brig/${SMUGGLED}`]] },
  {
    name: 'two hosts',
    fields: [
      ['host', 'www.own.test'],
      [':authority', 'www.own.test'],
    ],
  },
]

/** One request with these fields after its head. */
export const framesOf = (
  head: Readonly<Record<string, string>>,
  { fields = [], body = '[]' }: Pick<Downgrade, 'fields' | 'body'>,
): readonly Buffer[] => {
  const block = Buffer.concat([fieldsOf(head), ...fields.map(([name, value]) => field(name, value))])
  return [frame(FRAME.headers, FLAG.endHeaders, 1, block), frame(FRAME.data, FLAG.endStream, 1, Buffer.from(body))]
}
