/**
 * Running a load until the rate rises no more. Compilers decide by what has run; what is measured while they are still
 * at it grows from repetition to repetition, and says how long one has measured.
 */
import type { Contestant } from './contestant.ts'
import type { Load } from './load.ts'

const ROUND_SECONDS = 3
/** A round that is better by less than that is no better. */
const GAIN = 1.05
const STEADY_ROUNDS = 3
const ROUNDS_MAX = 20
const LOAD: Load = { pairs: 16, inFlight: 8 }

export const warmUp = async (contestant: Contestant, say: (progress: string) => void): Promise<void> => {
  let [best, steady] = [0, 0]
  for (let round = 1; round <= ROUNDS_MAX && steady < STEADY_ROUNDS; round += 1) {
    const { perSecond } = await contestant.run(LOAD, ROUND_SECONDS)
    steady = perSecond > best * GAIN ? 0 : steady + 1
    best = Math.max(best, perSecond)
    say(`warming up ${contestant.name}: ${perSecond.toFixed(0)}/s`)
  }
}
