/** The fields that HPACK knows from the start (RFC 7541, Appendix A), in the order of their numbers. */
const FIELDS: readonly (readonly [name: string, value?: string])[] = [
  [':authority'],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset'],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language'],
  ['accept-ranges'],
  ['accept'],
  ['access-control-allow-origin'],
  ['age'],
  ['allow'],
  ['authorization'],
  ['cache-control'],
  ['content-disposition'],
  ['content-encoding'],
  ['content-language'],
  ['content-length'],
  ['content-location'],
  ['content-range'],
  ['content-type'],
  ['cookie'],
  ['date'],
  ['etag'],
  ['expect'],
  ['expires'],
  ['from'],
  ['host'],
  ['if-match'],
  ['if-modified-since'],
  ['if-none-match'],
  ['if-range'],
  ['if-unmodified-since'],
  ['last-modified'],
  ['link'],
  ['location'],
  ['max-forwards'],
  ['proxy-authenticate'],
  ['proxy-authorization'],
  ['range'],
  ['referer'],
  ['refresh'],
  ['retry-after'],
  ['server'],
  ['set-cookie'],
  ['strict-transport-security'],
  ['transfer-encoding'],
  ['user-agent'],
  ['vary'],
  ['via'],
  ['www-authenticate'],
]

/** Number 1 is at 1. */
export const STATIC_NAMES: readonly string[] = ['', ...FIELDS.map(([name]) => name)]
export const STATIC_VALUES: readonly string[] = ['', ...FIELDS.map(([, value = '']) => value)]
/** The first number that belongs to fields of the connection. */
export const FIRST_DYNAMIC = STATIC_NAMES.length

export interface StaticName {
  /** The first number with this name. */
  readonly number: number
  /** The numbers of its values; those that stand there without a value are not meant. */
  readonly values: ReadonlyMap<string, number>
}

export const STATIC_NAME: ReadonlyMap<string, StaticName> = ((): ReadonlyMap<string, StaticName> => {
  const names = new Map<string, { readonly number: number; readonly values: Map<string, number> }>()
  FIELDS.forEach(([name, value], index) => {
    const known = names.get(name) ?? { number: index + 1, values: new Map<string, number>() }
    names.set(name, known)
    if (value !== undefined) known.values.set(value, index + 1)
  })
  return names
})()

/** RFC 7541 §4.1: what a field takes of a table beside its characters. */
export const ENTRY_OVERHEAD_BYTES = 32
