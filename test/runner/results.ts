/** Gathers what node:test tells while it runs. */
import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'

export interface Result {
  /** The test file that was run; the test itself may stand in a file that several of them share. */
  readonly file: string
  /** With the names of what is around it, outermost first. */
  readonly name: string
  readonly tags: readonly string[]
  readonly status: 'passed' | 'failed' | 'skipped'
  readonly durationMs: number
  /** Why it was skipped. */
  readonly reason?: string
  /** The first line of what it failed with. */
  readonly error?: string
}

type Outcome = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>

/** Told by the runtime, and not yet in its types. */
type Placed = Outcome['data'] & { readonly entryFile?: string; readonly classname?: string }

/** Undefined for everything that is not the end of a test. */
export function resultOf(root: string, event: TestEvent): Result | undefined {
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return undefined
  if (event.data.details.type === 'suite' && isToldByItsTests(event)) return undefined
  const data: Placed = event.data
  const { entryFile = data.file ?? '', classname } = data
  return {
    file: relative(root, entryFile),
    name: [classname, data.name.startsWith(root) ? relative(root, data.name) : data.name].filter(Boolean).join(' › '),
    tags: data.tags,
    status: statusOf(event),
    durationMs: Math.round(data.details.duration_ms),
    ...(typeof data.skip === 'string' && { reason: data.skip }),
    ...(event.type === 'test:fail' && { error: firstLineOf(event.data.details.error) }),
  }
}

function statusOf({ type, data }: Outcome): Result['status'] {
  if (data.skip !== undefined && data.skip !== false) return 'skipped'
  return type === 'test:pass' ? 'passed' : 'failed'
}

/** What node:test tells wraps what was thrown. */
function firstLineOf(error: Error): string {
  const thrown = error.cause instanceof Error ? String(error.cause) : error.message
  return thrown.trim().split('\n')[0] ?? ''
}

/** Unless it was skipped whole, or could not be set up. */
function isToldByItsTests(event: Outcome): boolean {
  if (event.type === 'test:pass') return statusOf(event) !== 'skipped'
  const { error } = event.data.details
  return 'failureType' in error && error.failureType === 'subtestsFailed'
}
