/** What `npm run bench -- transport` may be told. */
import { z } from 'zod'

/** In the order of the report. */
export const CHAINS = ['comity', 'comity-apart', 'comity-nginx', 'nginx', 'haproxy', 'naive'] as const
export type ChainName = (typeof CHAINS)[number]

const SECONDS_MAX = 60
const REPETITIONS_MAX = 20
const IN_FLIGHT_MAX = 512
const BULK_MB_MAX = 10_000

/** `1,16,64` */
const split = (text: unknown): unknown => (typeof text === 'string' ? text.split(',') : text)

const TransportOptions = z.object({
  seconds: z.coerce.number().positive().max(SECONDS_MAX).default(3),
  reps: z.coerce.number().int().positive().max(REPETITIONS_MAX).default(3),
  conc: z
    .preprocess(split, z.array(z.coerce.number().int().positive().max(IN_FLIGHT_MAX)).min(1))
    .default([1, 16, 64, 256]),
  chains: z.preprocess(split, z.array(z.enum(CHAINS)).min(1)).default([...CHAINS]),
  bulk: z.coerce.number().nonnegative().max(BULK_MB_MAX).default(100),
  profile: z.string().min(1).optional(),
})
export type TransportOptions = z.infer<typeof TransportOptions>

export const parseOptions = (given: object): TransportOptions => {
  const parsed = TransportOptions.safeParse(given)
  if (parsed.success) return parsed.data
  throw new Error(`these options cannot be used:\n${z.prettifyError(parsed.error)}`)
}
