/** Collects the differences of all answers that apps of this process get, and compares them with those that are known. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { APP_EXCHANGES, type AppExchange } from '#src/world/app-http.ts'
import { differencesFrom } from './differences.ts'
import { type Documented, ownDocument, referenceDocument } from './documents.ts'

export interface Watch extends Disposable {
  /** False where the reference is not beside this repository. */
  readonly hasReference: boolean
  /** Found so far and not known, in order. */
  unknown(): string[]
  /** Known, and not found. */
  gone(): string[]
}

/** What differs on purpose or for now, each with the reason. May only shrink. */
const KNOWN = new URL('known-differences.json', import.meta.url)

export const watchAnswers = (): Watch => {
  const reference = referenceDocument()
  const documents: Documented[] = [ownDocument(), ...(reference ? [reference] : [])]
  const known = knownDifferences()
  const found = new Set<string>()
  const look = (message: unknown): void => {
    for (const document of documents) {
      for (const difference of differencesFrom(document, message as AppExchange)) found.add(difference)
    }
  }
  subscribe(APP_EXCHANGES, look)
  return {
    hasReference: reference !== undefined,
    unknown: () => [...found].filter((difference) => !known.has(difference)).toSorted(),
    gone: () => [...known].filter((difference) => !found.has(difference)).toSorted(),
    [Symbol.dispose]: () => void unsubscribe(APP_EXCHANGES, look),
  }
}

/** `{ "why": ["difference", …] }` */
const knownDifferences = (): Set<string> => {
  const byReason = JSON.parse(readFileSync(KNOWN, 'utf8')) as Record<string, string[]>
  return new Set(Object.values(byReason).flat())
}
