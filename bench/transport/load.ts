/** The generator's other end: orders go out, reports come back. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { systemRandom } from '#src/kit/random.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import type { BulkDone, BulkOrder } from './bulk-transfer.ts'
import type { Chain } from './chain.ts'
import type { LoadDone, LoadOrder, Report } from './generator.ts'
import { ANSWER_BYTES, RPC } from './responder.ts'

const REQUEST_BYTES = 300
/** For connecting, and for answers that are late. */
const SLACK_MS = 30_000
const BULK_MS = 120_000

export interface Generator extends AsyncDisposable {
  /** `onMeasuring` is called when the measurement begins. */
  load(plan: Omit<LoadOrder, 'is' | 'answerBytes'>, onMeasuring: () => void): Promise<LoadDone>
  transfer(plan: Omit<BulkOrder, 'is'>): Promise<BulkDone>
}

export const startGenerator = (signal: AbortSignal): Generator => {
  const child = fork(join(import.meta.dirname, 'generator.ts'), { execArgv: [] })
  return {
    load: async (plan, onMeasuring) => {
      child.send({ ...plan, is: 'load', answerBytes: ANSWER_BYTES })
      const waitMs = plan.leadMs + plan.measureMs + SLACK_MS
      await nextReport(child, { is: 'measuring', waitMs, signal })
      onMeasuring()
      return nextReport(child, { is: 'load done', waitMs, signal })
    },
    transfer: async (plan) => {
      child.send({ ...plan, is: 'bulk' })
      return nextReport(child, { is: 'bulk done', waitMs: BULK_MS, signal })
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

interface Wanted<Is extends Report['is']> {
  readonly is: Is
  readonly waitMs: number
  readonly signal: AbortSignal
}

const nextReport = async <Is extends Report['is']>(
  child: ChildProcess,
  { is, waitMs, signal }: Wanted<Is>,
): Promise<Extract<Report, { is: Is }>> => {
  const [report] = (await withDeadline(
    (late) => once(child, 'message', { signal: AbortSignal.any([late, signal]) }),
    waitMs,
    `waiting for the generator to say '${is}'`,
  ).catch((error: unknown) => {
    signal.throwIfAborted()
    throw error
  })) as [Report]
  if (isWanted(report, is)) return report
  throw new Error(report.is === 'failed' ? report.why : `the generator said '${report.is}' instead of '${is}'`)
}

const isWanted = <Is extends Report['is']>(report: Report, is: Is): report is Extract<Report, { is: Is }> =>
  report.is === is

/** What our own components send (`src/rpc/remote-backends.ts`). */
export const headersFor = ({ origin }: Chain): Record<string, string> => ({
  host: 'federator',
  'content-type': 'application/json',
  'wire-origin-domain': origin,
  'wire-origin-request-id': systemRandom.uuid(),
  'x-wire-api-version': '2',
})

export const smallRequest = (chain: Chain): string => {
  const body = JSON.stringify({ users: ['99db9768-04e3-4b5d-9268-831b6a25c4ab'], pad: '' })
  const padded = `${body.slice(0, -2)}${'y'.repeat(REQUEST_BYTES - body.length)}"}`
  const headers = { ...headersFor(chain), 'content-length': String(padded.length) }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST /rpc/${chain.domain}/${RPC.small} HTTP/1.1\r\n${head.join('')}\r\n${padded}`
}
