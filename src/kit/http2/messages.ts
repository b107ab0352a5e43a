/** The heads of requests and answers, and what makes one malformed (RFC 9113 §8.1.1, §8.2, §8.3). */

export interface RequestHead {
  readonly method: string
  readonly scheme: string
  /** `:path` as it was sent; empty for CONNECT. */
  readonly target: string
  readonly authority: string | undefined
  /** As announced; -1 when it was not. */
  readonly contentLength: number
  /** Names and values in turn, without the pseudo-header fields. */
  readonly fields: readonly string[]
}

export interface AnswerHead {
  /** 100 to 999. */
  readonly status: number
  readonly contentLength: number
  readonly fields: readonly string[]
}

/** RFC 9110 §9.1 and RFC 3986 §3.1, §3.3 as far as HTTP/2 lets them in. */
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const SCHEME = /^[a-z][a-z0-9+\-.]*$/i
// Bytes beyond ASCII are not allowed in a URI, but common; whoever reads the path judges them.
const TARGET = /^\/[\x21-\x7e\x80-\xff]*$/
/** RFC 3986 §3.2 without the user, which RFC 9113 §8.3.1 refuses. */
const AUTHORITY = /^[0-9A-Za-z\-._~!$&'()*+,;=:[\]%]*$/
const DIGITS = /^\d{1,15}$/
const STATUS = /^[1-9]\d\d$/

const COLON = 0x3a

/** Undefined when the request is malformed. */
export const requestHeadOf = (section: readonly string[]): RequestHead | undefined => {
  let [method, scheme, target, authority]: (string | undefined)[] = []
  let index = 0
  for (; index < section.length && section[index]?.charCodeAt(0) === COLON; index += 2) {
    const value = section[index + 1]
    const name = section[index]
    if (name === ':method' && method === undefined) method = value
    else if (name === ':path' && target === undefined) target = value
    else if (name === ':scheme' && scheme === undefined) scheme = value
    else if (name === ':authority' && authority === undefined) authority = value
    else return undefined
  }
  const fields = index === 0 ? section : section.slice(index)
  const regular = regularOf(fields)
  if (!regular || !fits({ method, scheme, target, authority }, regular.host)) return undefined
  return {
    method: method ?? '',
    scheme: scheme ?? '',
    target: target ?? '',
    authority: authority ?? regular.host,
    contentLength: regular.contentLength,
    fields,
  }
}

interface Pseudo {
  readonly method: string | undefined
  readonly scheme: string | undefined
  readonly target: string | undefined
  readonly authority: string | undefined
}

const fits = ({ method, scheme, target, authority }: Pseudo, host: string | undefined): boolean => {
  if (method === undefined || (method !== 'POST' && !METHOD.test(method))) return false
  if (!AUTHORITY.test(authority ?? host ?? '@')) return false
  // §8.3.1: two ways to name a host, of which somebody behind us may read either.
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase()) return false
  if (method === 'CONNECT') return authority !== undefined && scheme === undefined && target === undefined
  if (scheme === undefined || target === undefined || (scheme !== 'https' && !SCHEME.test(scheme))) return false
  return TARGET.test(target) || (target === '*' && method === 'OPTIONS')
}

/** Undefined when the answer is malformed. */
export const answerHeadOf = (section: readonly string[]): AnswerHead | undefined => {
  const [name, status] = section
  if (name !== ':status' || status === undefined || !STATUS.test(status)) return undefined
  const fields = section.slice(2)
  const regular = regularOf(fields)
  return regular && { status: Number(status), contentLength: regular.contentLength, fields }
}

/** §8.1: fields after the body are checked like others, and are nothing that we know. */
export const areTrailers = (section: readonly string[]): boolean => regularOf(section) !== undefined

interface Regular {
  readonly host: string | undefined
  readonly contentLength: number
}

/** Undefined when there is one among them that may not be there. */
const regularOf = (fields: readonly string[]): Regular | undefined => {
  let host: string | undefined
  let contentLength = -1
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? ''
    if (name.charCodeAt(0) === COLON) return undefined
    switch (name) {
      case 'host':
        if (host !== undefined) return undefined
        host = fields[index + 1]
        break
      case 'content-length': {
        const value = fields[index + 1] ?? ''
        if (contentLength >= 0 || !DIGITS.test(value)) return undefined
        contentLength = Number(value)
        break
      }
      case 'te':
        if (fields[index + 1]?.toLowerCase() !== 'trailers') return undefined
        break
      case 'connection':
      case 'keep-alive':
      case 'proxy-connection':
      case 'transfer-encoding':
      case 'upgrade':
        return undefined
      default:
    }
  }
  return { host, contentLength }
}

/** Statuses and methods whose answers have no body, whatever their fields say (RFC 9110 §6.4.1). */
export const hasNoBody = (status: number, method: string): boolean =>
  method === 'HEAD' || status === 204 || status === 205 || status === 304
