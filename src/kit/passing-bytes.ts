/**
 * Large bodies leave garbage of a kind that V8 does not see: a buffer is a small object that holds much memory outside of
 * the heap. What is collected then is the whole heap, each time that a few tens of megabytes have passed, and half of the
 * time of a process went there. The buffers are all young, so a collection of the nursery is enough and costs a fraction:
 * it is asked for here, each time that so many bytes have passed. A small nursery for good (`--max-semi-space-size`)
 * would do the same for large bodies, and doubles the cost of small requests.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { z } from 'zod'

/** Also what garbage of this kind a process holds at most, as far as bodies are counted. */
const BYTES_BETWEEN = 4 * 1024 * 1024

type Collect = (options: { readonly type: 'minor' }) => void

let passed = 0
let collect: Collect | undefined

/** To be told of each piece of a body that is passed on. */
export const bytesPassed = (bytes: number): void => {
  passed += bytes
  if (passed < BYTES_BETWEEN) return
  passed = 0
  collect ??= collector()
  collect({ type: 'minor' })
}

/** The function exists in contexts that are made after the flag was set. */
const collector = (): Collect => {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  return z.custom<Collect>((value) => typeof value === 'function').parse(gc)
}
