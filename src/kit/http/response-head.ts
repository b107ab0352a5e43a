/**
 * The head of an HTTP/1.1 answer, read strictly (RFC 9112). Who reads leniently where another reads strictly, or the
 * other way round, takes one answer for two; between our own parts nothing but the strict form is needed.
 */

/** How far the body goes: bytes, to the last chunk, or until the connection is closed. */
export type BodyExtent = number | 'chunked' | 'until close'

export interface ResponseHead {
  readonly status: number
  /** Without those that concern the connection. Names in lower case; a list where a name came more than once. */
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly extent: BodyExtent
  /** Whether another request may follow on the connection. */
  readonly isKept: boolean
  /** How long the other side keeps an idle connection, in seconds, if it says so. */
  readonly keepAliveSeconds: number | undefined
}

export class MalformedAnswer extends Error {
  constructor(what: string) {
    super(`the answer is no valid HTTP/1.1: ${what}`)
    this.name = 'MalformedAnswer'
  }
}

// Line ends are CRLF and nothing else (§2.2), and of control characters only the tab may stand in a value (RFC 9110 §5.5).
const FORBIDDEN = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: .*)?$/

/** `text` is the head without the empty line that ends it, one character for each byte. */
export const parseResponseHead = (text: string, method: string): ResponseHead => {
  if (FORBIDDEN.test(text)) throw new MalformedAnswer('a forbidden character in the head')
  const [statusLine = '', ...lines] = text.split('\r\n')
  const [, minor, code] = STATUS_LINE.exec(statusLine) ?? []
  if (code === undefined) throw new MalformedAnswer('the status line')
  const headers: Fields = {}
  const ofConnection: Fields = {}
  for (const line of lines) addField(headers, ofConnection, line)
  const status = Number(code)
  const coding = ofConnection['transfer-encoding']
  const extent = extentOf({ status, coding, length: headers['content-length'], method, isHttp11: minor === '1' })
  return {
    status,
    headers,
    extent,
    isKept: minor === '1' && extent !== 'until close' && !saysClose(ofConnection['connection']),
    keepAliveSeconds: secondsOf(ofConnection['keep-alive']),
  }
}

type Fields = Record<string, string | string[]>

/** RFC 9110 §7.6.1: they end here. One that was passed on would say how the next connection is framed. */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
])

const addField = (headers: Fields, ofConnection: Fields, line: string): void => {
  const colon = line.indexOf(':')
  // A line that continues the one before begins with a space, which is in no name (§5.2).
  const name = fieldName(line.slice(0, Math.max(colon, 0)))
  const value = withoutSpace(line, colon + 1)
  const fields = OF_CONNECTION.has(name) ? ofConnection : headers
  const known = fields[name]
  if (known === undefined) fields[name] = value
  else if (typeof known === 'string') fields[name] = [known, value]
  else known.push(value)
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const NAMES_KNOWN_MAX = 1_000
const namesKnown = new Map<string, string>()

/** In lower case. The same few names come again and again, so they are looked at once. */
const fieldName = (written: string): string => {
  const known = namesKnown.get(written)
  if (known !== undefined) return known
  const name = written.toLowerCase()
  // The one name that means something to an object.
  if (!TOKEN.test(written) || name === '__proto__') throw new MalformedAnswer('the name of a field')
  if (namesKnown.size < NAMES_KNOWN_MAX) namesKnown.set(written, name)
  return name
}

const SPACE = 0x20
const TAB = 0x09

/** Only what HTTP calls white space; that of JavaScript is more. */
const withoutSpace = (line: string, from: number): string => {
  let start = from
  let end = line.length
  while (start < end && isSpace(line.charCodeAt(start))) start += 1
  while (end > start && isSpace(line.charCodeAt(end - 1))) end -= 1
  return line.slice(start, end)
}

const isSpace = (code: number): boolean => code === SPACE || code === TAB

interface Framed {
  readonly status: number
  readonly coding: string | string[] | undefined
  readonly length: string | string[] | undefined
  readonly method: string
  readonly isHttp11: boolean
}

const LENGTH = /^[0-9]{1,15}$/

/** §6.3. What is to be "handled as an error" there is one. */
const extentOf = ({ status, coding, length, method, isHttp11 }: Framed): BodyExtent => {
  if (coding !== undefined && (length !== undefined || !isHttp11)) {
    throw new MalformedAnswer('two statements about the length of the body')
  }
  if (length !== undefined && (typeof length !== 'string' || !LENGTH.test(length))) {
    throw new MalformedAnswer('the length of the body')
  }
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0
  if (coding !== undefined) {
    if (typeof coding !== 'string' || coding.toLowerCase() !== 'chunked') throw new MalformedAnswer('the coding')
    return 'chunked'
  }
  return length === undefined ? 'until close' : Number(length)
}

const saysClose = (connection: string | string[] | undefined): boolean =>
  connection !== undefined && /(?:^|,)\s*close\s*(?:,|$)/i.test(String(connection))

const secondsOf = (keepAlive: string | string[] | undefined): number | undefined => {
  if (typeof keepAlive !== 'string') return undefined
  const [, seconds] = /(?:^|[,;\s])timeout=([0-9]{1,6})/i.exec(keepAlive) ?? []
  return seconds === undefined ? undefined : Number(seconds)
}
