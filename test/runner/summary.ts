/** The last lines of `npm test`: what ran on real servers, what did not and why, and the counts. */
import { missingServers, REAL_SERVERS } from './machine.ts'
import type { Repeated } from './repeat.ts'
import type { Result } from './results.ts'

export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export function totalsOf(results: readonly Result[]): Totals {
  const count = (status: Result['status']): number => results.filter((result) => result.status === status).length
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
}

/** Tests say by tags of node:test which real servers they use. */
export async function serversUsed(
  results: readonly Result[],
): Promise<{ name: string; version: string; tests: number }[]> {
  const missing = await missingServers()
  return Promise.all(
    REAL_SERVERS.filter((server) => !missing.includes(server)).map(async ({ name, tag, version }) => ({
      name,
      version: (await version()) ?? '',
      tests: results.filter(({ status, tags }) => status !== 'skipped' && tags.includes(tag)).length,
    })),
  )
}

export async function summary({ results, passedWhenRepeated }: Repeated, remarks: readonly string[]): Promise<string> {
  const { passed, failed, skipped } = totalsOf(results)
  const servers = (await serversUsed(results)).map(
    ({ name, version, tests }) => `  ${name.padEnd(11)}${String(tests).padStart(4)} tests   ${version}`,
  )
  const failures = results.filter(({ status }) => status === 'failed').map(({ file, name }) => `  ${file}: ${name}`)
  return [
    ...section('Ran on real servers:', servers),
    ...section(
      'Not available:',
      remarks.map((remark) => `  ${remark}`),
    ),
    ...section('Skipped:', skippedByReason(results)),
    ...section(
      'Passed only when repeated:',
      passedWhenRepeated.map(({ file, name, error }) => `  ${file}: ${name}\n    ${error}`),
    ),
    ...section('Failed:', failures),
    '',
    `${passed} passed, ${failed} failed, ${skipped} skipped`,
    '',
  ].join('\n')
}

const section = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', title, ...lines])

function skippedByReason(results: readonly Result[]): string[] {
  const skipped = results.filter(({ status }) => status === 'skipped')
  const byReason = Object.groupBy(skipped, ({ reason = 'no reason given' }) => reason)
  return Object.entries(byReason).map(([reason, those = []]) => `  ${String(those.length).padStart(4)}  ${reason}`)
}
