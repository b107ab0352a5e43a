/** A call once for every id and domain in it and for everything else that could stand there. */
import type { Ours } from './cast.ts'
import { exchangeable } from './cast.ts'

export interface Swap {
  /** Where, e.g. `users.0`; `{}` is the key of a map. */
  readonly path: string
  readonly from: string
  readonly to: string
  readonly payload: unknown
}

export const swapsOf = (payload: unknown, ours: Ours): Swap[] =>
  placesOf(payload, ours).flatMap(({ path, kind, from, value }) =>
    Object.entries(kind)
      .filter(([, other]) => other !== value)
      .map(([to, other]) => ({ path: shown(path), from, to, payload: replaced(payload, path, other) })),
  )

interface Step {
  /** Of an object or a map, or an index. */
  readonly key: string
  readonly isId: boolean
  /** Not the value there, but the key itself. */
  readonly isMeant?: true
}

interface Place {
  readonly path: readonly Step[]
  readonly kind: Readonly<Record<string, string>>
  readonly from: string
  readonly value: string
}

const placesOf = (value: unknown, ours: Ours, path: readonly Step[] = []): Place[] => {
  if (typeof value === 'string') return placeOf(value, ours, path)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const asKey = placeOf(key, ours, [...path, { key, isId: true, isMeant: true }])
    return [...asKey, ...placesOf(inner, ours, [...path, { key, isId: asKey.length > 0 }])]
  })
}

const placeOf = (value: string, ours: Ours, path: readonly Step[]): Place[] => {
  const kind = exchangeable(ours).find((each) => Object.values(each).includes(value))
  const from = kind && Object.entries(kind).find(([, id]) => id === value)?.[0]
  return kind && from !== undefined ? [{ path, kind, from, value }] : []
}

/** Ids in a path say nothing to readers, and differ from run to run. */
const shown = (path: readonly Step[]): string =>
  path.map(({ key, isId, isMeant }) => (isMeant ? '{}' : isId ? '*' : key)).join('.') || '$'

const replaced = (value: unknown, [step, ...rest]: readonly Step[], by: string): unknown => {
  if (!step) return by
  const { key: wanted, isMeant } = step
  if (Array.isArray(value)) {
    return value.map((inner, index) => (wanted === String(index) ? replaced(inner, rest, by) : inner))
  }
  const change = ([key, inner]: [string, unknown]): [string, unknown] => {
    if (key !== wanted) return [key, inner]
    return isMeant ? [by, inner] : [key, replaced(inner, rest, by)]
  }
  return Object.fromEntries(Object.entries(value as object).map(change))
}
