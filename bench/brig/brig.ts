/** What brig can do on a PostgreSQL server whose disk has everything that it has answered for. */
import { z } from 'zod'
import type { Figure } from '../figures.ts'
import { measurePrekeys } from './prekeys.ts'
import { measureProfiles } from './profiles.ts'
import { measureSearch } from './search.ts'

export interface BrigOptions {
  /** Of each measurement. */
  readonly seconds: number
  /** Among whom is searched. */
  readonly users: number
}

type Part = (say: (progress: string) => void, options: BrigOptions) => Promise<readonly Figure[]>

const PARTS: Readonly<Record<string, Part>> = {
  profiles: measureProfiles,
  search: measureSearch,
  prekeys: measurePrekeys,
}

const Options = z.object({
  seconds: z.coerce.number().positive().max(60).default(5),
  users: z.coerce.number().int().positive().max(10_000_000).default(1_000_000),
  parts: z
    .string()
    .transform((list) => list.split(','))
    .default(Object.keys(PARTS)),
})

export const measureBrig = async (
  say: (progress: string) => void,
  given: object,
): Promise<{ readonly figures: readonly Figure[] }> => {
  const { seconds, users, parts } = Options.parse(given)
  const figures: Figure[] = []
  for (const name of parts) {
    const part = PARTS[name]
    if (!part) throw new Error(`there is no part ${name}, but ${Object.keys(PARTS).join(', ')}`)
    figures.push(...(await part(say, { seconds, users })))
  }
  return { figures }
}
