/** What lets the logs of two backends be read side by side (federation-transport.md §3). */
import { RequestId } from '#src/contract/ids.ts'
import type { Random } from '#src/kit/random.ts'

/** The caller's own id; a new one where there is none, or one that is not fit for a header and a log. */
export const requestIdOf = (claimed: string | undefined, random: Random): string =>
  RequestId.safeParse(claimed).data ?? random.uuid()
