/**
 * A file in which something failed is run once more, alone, after everything else. What fails twice is a fault; what
 * passes then is reported by name, to be looked into: docs/decisions/repeated-tests.md.
 */
import type { Result } from './results.ts'

/**
 * A busy machine spoils a test here and there. Where more files fail than this, the change is at fault, and running
 * them all again would only tell it later.
 */
export const FILES_MAX = 5

/** A test that failed beside the others and passed alone. */
export interface PassedWhenRepeated extends Pick<Result, 'file' | 'name'> {
  /** The first line of what it failed with. */
  readonly error: string
}

export interface Repeated {
  readonly results: readonly Result[]
  readonly passedWhenRepeated: readonly PassedWhenRepeated[]
}

export async function repeatFailed(
  first: readonly Result[],
  runAlone: (file: string) => Promise<readonly Result[]>,
): Promise<Repeated> {
  const files = [...new Set(first.filter(hasFailed).map(({ file }) => file))]
  let repeated: Repeated = { results: first, passedWhenRepeated: [] }
  if (files.length > FILES_MAX) return repeated
  for (const file of files) repeated = withRepetition(repeated, file, await runAlone(file))
  return repeated
}

/** A file counts as it is: its tests may depend on each other, so those of one run are not mixed with another's. */
function withRepetition({ results, passedWhenRepeated }: Repeated, file: string, again: readonly Result[]): Repeated {
  const before = results.filter((result) => result.file === file)
  if (!hasPassed(again, before)) return { results, passedWhenRepeated }
  const failed = before.filter(hasFailed).map(({ name, error = 'no error given' }) => ({ file, name, error }))
  return {
    results: [...results.filter((result) => result.file !== file), ...again],
    passedWhenRepeated: [...passedWhenRepeated, ...failed],
  }
}

/** What is skipped only now, or not run at all, has not passed. */
function hasPassed(again: readonly Result[], before: readonly Result[]): boolean {
  const count = (results: readonly Result[], wanted: Result['status']): number =>
    results.filter(({ status }) => status === wanted).length
  return (
    count(again, 'failed') === 0 &&
    count(again, 'passed') >= Math.max(1, count(before, 'passed')) &&
    count(again, 'skipped') <= count(before, 'skipped')
  )
}

const hasFailed = ({ status }: Result): boolean => status === 'failed'
