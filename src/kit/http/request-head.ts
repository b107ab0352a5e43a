/** The head of an HTTP/1.1 request, as text with one character for each byte. */

export interface RequestHead {
  readonly method: string
  /** Path and query, percent-encoded. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
}

/** What says how the message is carried, which is for the connection to say. */
const OF_THE_CONNECTION = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
])

/** Names written before; checking them again would cost more than writing them. */
const namesKnown = new Set<string>()
const NAMES_KNOWN_MAX = 1_000
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/
const FORBIDDEN_IN_PATH = /[^\x21-\x7e]/

/** `framing` is the header that says how far the body goes. Throws rather than write what would be two requests. */
export const renderRequestHead = ({ method, path, headers }: RequestHead, host: string, framing: string): string => {
  if (FORBIDDEN_IN_PATH.test(path)) throw new Error('the path of a request has a forbidden character')
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`
  for (const name in headers) {
    if (OF_THE_CONNECTION.has(name)) continue
    const value = headers[name]
    if (typeof value === 'string') text += field(name, value)
    else for (const each of value ?? []) text += field(name, each)
  }
  return `${text}${framing}\r\n`
}

const field = (name: string, value: string): string => {
  if (!namesKnown.has(name)) {
    if (!TOKEN.test(name)) throw new Error('the name of a header has a forbidden character')
    if (namesKnown.size < NAMES_KNOWN_MAX) namesKnown.add(name)
  }
  if (FORBIDDEN_IN_VALUE.test(value)) throw new Error(`the header ${name} has a forbidden character`)
  return `${name}: ${value}\r\n`
}
