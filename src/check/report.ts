/** The findings as people read them, step by step while they come, and as programs do, whole. */
import { plain } from './plain-text.ts'
import type { Step, Verdict } from './step.ts'

export interface Subject {
  /** The domain that was looked at. */
  readonly domain: string
  /** The domain that looked. */
  readonly seenFrom: string
  readonly at: Date
}

export const isGood = (steps: readonly Step[]): boolean => steps.every(({ verdict }) => verdict !== 'failed')

const MARKS: Readonly<Record<Verdict, string>> = { ok: 'ok', warning: 'warning', failed: 'FAILED', 'not-tried': '-' }
const MARK_WIDTH = 8
const NAME_WIDTH = 20
const TIME_WIDTH = 9
const BELOW = ' '.repeat(2 + MARK_WIDTH)

/** One step; `before` is the step that was rendered last. Steps that were not tried wait for the summary. */
export const renderStep = (step: Step, before?: Step): string => {
  if (step.verdict === 'not-tried') return ''
  const heading = step.about !== undefined && step.about !== before?.about ? [`  ${plain(step.about)}`] : []
  const first = [
    `  ${MARKS[step.verdict].padEnd(MARK_WIDTH)}`,
    step.name.padEnd(NAME_WIDTH),
    `${renderTime(step.tookMs)}  `.padStart(TIME_WIDTH + 2),
    plain(step.fact),
  ].join('')
  const more = [
    ...(step.details ?? []).map((detail) => `${BELOW}  ${plain(detail)}`),
    ...(step.why === undefined ? [] : [`${BELOW}why:    ${plain(step.why)}`]),
    ...(step.change === undefined ? [] : [`${BELOW}change: ${plain(step.change)}`]),
  ]
  return `${[...heading, first, ...more].join('\n')}\n`
}

const renderTime = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`

export const renderSummary = (steps: readonly Step[], { domain }: Pick<Subject, 'domain'>): string => {
  const named = (verdict: Verdict): string =>
    [...new Set(steps.filter((step) => step.verdict === verdict).map(({ name }) => name))].join(', ')
  const lines = [
    isGood(steps) ? `${domain}: nothing failed.` : `${domain}: failed: ${named('failed')}.`,
    ...(named('warning') === '' ? [] : [`Worth a look: ${named('warning')}.`]),
    ...(named('not-tried') === '' ? [] : [`Could not be tried before that is mended: ${named('not-tried')}.`]),
  ]
  return `\n${lines.join('\n')}\n`
}

export const renderJson = (steps: readonly Step[], { domain, seenFrom, at }: Subject): string => {
  const report = { domain, seenFrom, at: at.toISOString(), ok: isGood(steps), steps: steps.map(rounded) }
  return `${JSON.stringify(report, (_key, value: unknown) => (typeof value === 'string' ? plain(value) : value), 2)}\n`
}

const MICROSECONDS_PER_MS = 1_000
const rounded = (step: Step): Step => ({
  ...step,
  tookMs: Math.round(step.tookMs * MICROSECONDS_PER_MS) / MICROSECONDS_PER_MS,
})
