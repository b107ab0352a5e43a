/** What strangers may send instead of the declared JSON body. */
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib'
import { ANYTHING, isObject, type Json } from './fitting-body.ts'

export interface Sent {
  readonly what: string
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** Overflows the stack of whatever walks it recursively, and is far below the limit of any body. */
const DEPTH = 50_000

/** None of them is JSON. */
export const MALFORMED: readonly Sent[] = [
  { what: 'an open brace', body: '{' },
  { what: 'an object without end', body: '{"name":"aaaaaaaa"' },
  { what: 'a trailing comma', body: '{"name":"aaaaaaaa",}' },
  { what: 'single quotes', body: "{'name':'aaaaaaaa'}" },
  { what: 'a bare word', body: 'undefined' },
  { what: 'a number that JSON does not have', body: '{"size":NaN}' },
  { what: 'two values', body: '{}{}' },
  { what: 'a comment', body: '{/**/}' },
  { what: 'a NUL', body: '\0' },
  { what: 'a NUL in a text', body: '{"name":"a\0b"}' },
  { what: 'a byte order mark', body: '\ufeff{}' },
  { what: 'white space', body: ' \n' },
  { what: 'UTF-16', body: Buffer.from('{"name":"aaaaaaaa"}', 'utf16le') },
  { what: 'bytes that are no text', body: Uint8Array.of(0xff, 0xfe, 0xc0, 0x80) },
  { what: 'brackets without end', body: '['.repeat(DEPTH) },
]

const text = (what: string, value: Json): Sent => ({ what, body: JSON.stringify(value) })

/** JSON, but of another type than the body as a whole. */
export const otherTypes = (fitting: Json): Sent[] => [
  ...OTHERS.filter((other) => typeOf(other) !== typeOf(fitting)).map((other) => text(JSON.stringify(other), other)),
  { what: 'deeply nested arrays', body: '['.repeat(DEPTH) + ']'.repeat(DEPTH) },
]

const OTHERS: readonly Json[] = [null, true, 42, 'aaaaaaaa', ['aaaaaaaa'], { aaaaaaaa: 'aaaaaaaa' }]

const typeOf = (value: Json): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)

/** The fitting body with one value in it of another type. `null` is left out: stock clients send it for "not given". */
export const withOtherTypes = (fitting: Json): Sent[] =>
  placesIn(fitting)
    .filter(({ value }) => value !== ANYTHING && value !== null)
    .flatMap(({ path, value }) =>
      OTHERS.filter((other) => other !== null && typeOf(other) !== typeOf(value)).map((other) =>
        text(`${path.join('.')} = ${JSON.stringify(other)}`, replaced(fitting, path, other)),
      ),
    )

/** Of the right type, and yet nothing that anybody means. */
export const withOddValues = (fitting: Json): Sent[] =>
  placesIn(fitting).flatMap(({ path, value }) =>
    oddInsteadOf(value).map(([what, odd]) => text(`${path.join('.')} = ${what}`, replaced(fitting, path, odd))),
  )

const oddInsteadOf = (value: Json): readonly (readonly [string, Json])[] => {
  if (typeof value === 'string') return ODD_TEXTS
  if (typeof value === 'number') return ODD_NUMBERS
  return Array.isArray(value) ? oddLists(value) : []
}

const ODD_TEXTS: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a NUL', 'aaa\0aaaa'],
  ['a lone high surrogate', 'aaaa\ud800aaa'],
  ['a lone low surrogate', 'aaaa\udfffaaa'],
  ['a long text', 'a'.repeat(100_000)],
  ['a key of prototypes', '__proto__'],
  ['SQL', "aaa'; drop table brig.users; --"],
  ['a line break', 'aaa\r\nset-cookie: zuid=stolen'],
  ['a path', '../../../../etc/passwd'],
]

const ODD_NUMBERS: readonly (readonly [string, Json])[] = [
  ['a negative number', -1],
  ['a fraction', 0.5],
  ['more than 32 bits', 2 ** 40],
  ['more than 53 bits', 2 ** 63],
  ['a huge number', 1e308],
]

const oddLists = (list: readonly Json[]): readonly (readonly [string, Json])[] => [
  ['an empty list', []],
  ['a long list', Array.from({ length: 5_000 }, () => list[0] ?? null)],
]

/** Objects that look different to different readers: repeated keys, keys of prototypes, keys that nobody knows. */
export const withOddKeys = (fitting: Json): Sent[] => {
  if (!isObject(fitting)) return []
  const whole = JSON.stringify(fitting)
  const inside = whole.slice(1, -1)
  const comma = inside === '' ? '' : ','
  const nulls = JSON.stringify(Object.fromEntries(Object.keys(fitting).map((key) => [key, null]))).slice(1, -1)
  return [
    { what: 'every key twice, null last', body: `{${inside}${comma}${nulls}}` },
    { what: 'every key twice, null first', body: `{${nulls}${comma}${inside}}` },
    { what: 'everything in __proto__', body: `{"__proto__":${whole}}` },
    { what: 'everything in constructor.prototype', body: `{"constructor":{"prototype":${whole}}}` },
    { what: '__proto__ besides', body: `{"__proto__":{"isAdmin":true},${inside || '"a":1'}}` },
    { what: 'odd keys besides', body: `{"":0,"toString":1,"\\u0000":2,"\\ud800":3${comma}${inside}}` },
    { what: 'deep nesting besides', body: `{"a":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}${comma}${inside}}` },
  ]
}

interface Place {
  readonly path: readonly string[]
  readonly value: Json
}

/** Every value inside another one. */
const placesIn = (value: Json, path: readonly string[] = []): Place[] =>
  entriesOf(value).flatMap(([key, inner]) => {
    const place = { path: [...path, key], value: inner }
    return [place, ...placesIn(inner, place.path)]
  })

const entriesOf = (value: Json): [string, Json][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : []

const replaced = (value: Json, [key, ...rest]: readonly string[], by: Json): Json => {
  if (key === undefined) return by
  const change = ([name, inner]: [string, Json]): [string, Json] => [
    name,
    name === key ? replaced(inner, rest, by) : inner,
  ]
  if (Array.isArray(value)) return entriesOf(value).map((entry) => change(entry)[1])
  return Object.fromEntries(entriesOf(value).map(change))
}

const BROTLI_FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }
/** 64 MB, more than any endpoint takes; a few kilobytes when compressed. */
const NOTHING = new Uint8Array(64 * 1024 * 1024)

export const bombs = (): Sent[] => [
  { what: 'a gzip bomb', body: gzipSync(NOTHING), headers: { 'content-encoding': 'gzip' } },
  { what: 'a deflate bomb', body: deflateSync(NOTHING), headers: { 'content-encoding': 'deflate' } },
  { what: 'a brotli bomb', body: brotliCompressSync(NOTHING, BROTLI_FAST), headers: { 'content-encoding': 'br' } },
]

/** Compressed, or so they say. */
export const wronglyCoded = (fitting: Json): readonly (Sent & { readonly status: number })[] => {
  const whole = JSON.stringify(fitting)
  const packed = gzipSync(whole)
  return [
    { what: 'gzip that is none', body: whole, headers: { 'content-encoding': 'gzip' }, status: 400 },
    { what: 'half of a gzip', body: packed.subarray(0, 15), headers: { 'content-encoding': 'gzip' }, status: 400 },
    { what: 'gzip within gzip', body: gzipSync(packed), headers: { 'content-encoding': 'gzip' }, status: 400 },
    { what: 'two codings', body: gzipSync(packed), headers: { 'content-encoding': 'gzip, gzip' }, status: 415 },
    { what: 'an unknown coding', body: whole, headers: { 'content-encoding': 'constructor' }, status: 415 },
  ]
}
