/**
 * What a check is made of. A step looks at one thing and ends in a finding: never in an exception for what may well be
 * wrong, because that is what it was asked to find. Texts are for the person who has to mend it, and say three things:
 * the fact, why it matters, and the line to change.
 */
import type { Clock } from '#src/kit/clock.ts'

/** `warning`: works now, or may work for others. `not-tried`: something before it has failed. */
export type Verdict = 'ok' | 'warning' | 'failed' | 'not-tried'

export interface Finding {
  readonly verdict: Verdict
  readonly fact: string
  /** What the fact was read from, one line each. */
  readonly details?: readonly string[]
  /** Why it matters. */
  readonly why?: string
  /** The line of configuration, DNS or certificate to change, and who can. */
  readonly change?: string
  /** The same for programs. */
  readonly data?: Readonly<Record<string, unknown>>
}

export interface Step extends Finding {
  readonly name: string
  /** The host and port that were looked at, when there may be several. */
  readonly about?: string
  readonly tookMs: number
}

/** A finding, and what later steps build on; without it they cannot be tried. */
export interface Found<T> {
  readonly finding: Finding
  readonly value?: T
}

type Words = Omit<Finding, 'verdict' | 'fact'>
/** A problem without a reason and a remedy would be a riddle. */
type Advice = Words & { readonly why: string; readonly change: string }

export const ok = (fact: string, words: Words = {}): Finding => ({ verdict: 'ok', fact, ...words })
export const warning = (fact: string, advice: Advice): Finding => ({ verdict: 'warning', fact, ...advice })
export const failed = (fact: string, advice: Advice): Finding => ({ verdict: 'failed', fact, ...advice })

export interface StepPlan {
  readonly name: string
  readonly about?: string
  readonly clock: Clock
}

/** Does it, measures it, tells it, and hands on what it left. */
export async function* take<T>(
  { name, about, clock }: StepPlan,
  work: () => Promise<Found<T>> | Found<T>,
): AsyncGenerator<Step, T | undefined> {
  const startedMs = clock.monotonicMs()
  const { finding, value } = await work()
  yield { name, ...(about !== undefined && { about }), ...finding, tookMs: clock.monotonicMs() - startedMs }
  return value
}

/** The rest of a way that cannot be gone. */
export function* notTried(names: readonly string[], about?: string): Generator<Step> {
  for (const name of names) {
    yield { name, ...(about !== undefined && { about }), verdict: 'not-tried', fact: 'not tried', tookMs: 0 }
  }
}
