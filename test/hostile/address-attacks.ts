/** Paths, queries and methods that nobody declared. */
import { METHODS } from 'node:http'
import { z } from 'zod'
import { type Attack, asking, BAD_REQUEST, JSON_TYPE } from './attack.ts'
import { addressOf, paramsOf, pathOf, takesParam, type Target, TARGETS } from './client-endpoints.ts'

/** Percent-encoded, as they stand in a path or query. */
const ODD_TEXTS = [
  '%00',
  'aaaa%00aaaa',
  '..%2F..%2Fi%2Fstatus',
  '%2e%2e',
  '%F0%9F%92%A9',
  "'%3B%20drop%20table%20brig.users%3B%20--",
  'a'.repeat(1_000),
  '-1',
  '1e999',
  '__proto__',
  'constructor',
  '%0D%0Aset-cookie%3A%20a%3Db',
]
const UNDECODABLE = ['%ff', '%zz', '%', '%ED%A0%80', '%C0%AF']

export const ADDRESS_ATTACKS: readonly Attack[] = [
  {
    name: 'withstands odd parameters',
    on: (target) => paramsOf(target).length > 0,
    attempts: (target, { refused, taken }) =>
      paramsOf(target).flatMap((name) =>
        ODD_TEXTS.map((text) => {
          const isTaken = takesParam(target, name, decodeURIComponent(text))
          const address = addressOf(target, { [name]: text })
          const asked = asking(target, { target: address, headers: isTaken ? taken : refused })
          const expected = { status: 400, label: 'client-error' }
          return { what: `${name} = ${text}`, asked, ...(!isTaken && { expected }) }
        }),
      ),
  },
  {
    name: 'refuses parameters that cannot be decoded',
    on: (target) => paramsOf(target).length > 0,
    attempts: (target, { refused: headers }) =>
      paramsOf(target).flatMap((name) =>
        UNDECODABLE.map((text) => {
          const asked = asking(target, { target: addressOf(target, { [name]: text }), headers })
          return { what: `${name} = ${text}`, asked, expected: BAD_REQUEST }
        }),
      ),
  },
  {
    name: 'withstands odd queries',
    on: () => true,
    attempts: (target, { taken: headers }) =>
      oddQueries(target).map((query) => ({
        what: `?${query.slice(0, 60)}`,
        asked: asking(target, { target: `${addressOf(target)}?${query}`, headers }),
      })),
  },
  {
    name: 'is served at its own address only',
    on: () => true,
    attempts: (target, { refused: headers }) =>
      elsewhere(target).map(([address, label]) => ({
        what: address,
        asked: asking(target, { target: address, headers }),
        expected: { status: 404, label },
      })),
  },
  {
    name: 'is served with its own method only',
    on: () => true,
    attempts: (target, { refused: headers }) =>
      otherMethods(target).map((method) => ({
        what: method,
        asked: { method, target: addressOf(target), headers: { ...headers, ...JSON_TYPE } },
        expected: { status: 405, label: 'method-not-allowed' },
      })),
  },
]

const oddQueries = ({ declared: { query } }: Target): string[] => {
  const names = query instanceof z.ZodObject ? Object.keys(query.shape) : []
  const one = names.flatMap((name) => [
    ...[...ODD_TEXTS, ...UNDECODABLE, ''].map((text) => `${name}=${text}`),
    `${name}=aaaaaaaa&${name}=aaaaaaaa`,
    `${name}[]=aaaaaaaa`,
    `${name}[__proto__]=aaaaaaaa`,
  ])
  return [...one, '__proto__=aaaaaaaa', '&&==&', '?', Array.from({ length: 1_500 }, (_, at) => `a${at}=1`).join('&')]
}

const elsewhere = (target: Target): readonly (readonly [string, string])[] => [
  [`/v99${pathOf(target)}`, 'unsupported-version'],
  [`/v9${pathOf(target)}`, 'unsupported-version'],
  [`/v8/v8${pathOf(target)}`, 'no-endpoint'],
  [`/v08${pathOf(target)}`, 'no-endpoint'],
  [`/i${pathOf(target)}`, 'no-endpoint'],
  [`/${pathOf(target)}`, 'no-endpoint'],
  [`${addressOf(target)}/`, 'no-endpoint'],
  [`${addressOf(target)}/aaaaaaaa/aaaaaaaa/aaaaaaaa`, 'no-endpoint'],
  [addressOf(target).replace(pathOf(target), pathOf(target).toUpperCase()), 'no-endpoint'],
]

// CORS answers the one, and the other is not for origin servers.
const NOT_TRIED = ['OPTIONS', 'CONNECT']

const otherMethods = (target: Target): string[] => {
  const path = pathOf(target)
  const served = TARGETS.filter((other) => matcher(other).test(path)).map(({ method }): string => method)
  return METHODS.filter((method) => !NOT_TRIED.includes(method) && !served.includes(method))
}

const matcher = ({ path }: Target): RegExp => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
