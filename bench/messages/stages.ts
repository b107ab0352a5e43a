/**
 * What each stage of a message costs: the samples of a profiler that fell into a measured span of time, each charged to
 * the innermost function on its stack whose file belongs to a stage. What runs below it without a file of ours, such as
 * reading JSON or a crypto function, is charged with it; what has no JavaScript around it is the runtime's own.
 */
import { frameUrls, type SampledProfile } from '../transport/profile.ts'

/** Microseconds of `CLOCK_MONOTONIC`, which the profiler uses too. */
export interface Span {
  readonly fromUs: number
  readonly toUs: number
}

export const nowUs = (): number => Number(process.hrtime.bigint() / 1000n)

/** The first that matches counts; files that are used by all stages stand in none, and their callers are charged. */
const STAGES: readonly (readonly [string, RegExp])[] = [
  ['validation', /node_modules\/zod\/|src\/contract\//],
  ['database client', /node_modules\/(?:kysely|pg|pg-[a-z]+|postgres-[a-z]+)\/|src\/storage\//],
  [
    'HTTP/1.1 for clients',
    /node_modules\/(?:fastify|find-my-way|@fastify|light-my-request|avvio)\/|node:_http|node:internal\/http$/,
  ],
  ['front door', /src\/gateway\//],
  [
    'HTTP/2 and TLS',
    /node:internal\/http2|node:_tls|node:internal\/tls|src\/kit\/http2\/|src\/federation\/(?:channel|http2|ingress)/,
  ],
  ['federator', /src\/federation\//],
  ['galley', /src\/services\/galley\/|src\/rpc\/proteus/],
  ['brig', /src\/services\/brig\//],
  ['queue', /src\/queue\//],
  ['gundeck and websockets', /src\/services\/gundeck\/|node_modules\/ws\//],
  ['between parts', /src\/kit\/http\/|src\/rpc\//],
]

const COLLECTION = 'garbage collection'
const NATIVE = 'kernel and event loop'
const OTHER = 'timers, promises, streams'

export const STAGE_NAMES: readonly string[] = [...STAGES.map(([name]) => name), OTHER, COLLECTION, NATIVE]

const IDLE = '(idle)'

/** Microseconds by stage, of the samples within the span. */
export const stageTimes = (profile: SampledProfile, { fromUs, toUs }: Span): ReadonlyMap<string, number> => {
  const stageOf = stages(profile)
  const times = new Map<string, number>()
  let atUs = profile.startTime
  for (const [index, id] of profile.samples.entries()) {
    const passedUs = profile.timeDeltas[index] ?? 0
    atUs += passedUs
    const stage = stageOf.get(id)
    if (atUs <= fromUs || atUs > toUs || stage === undefined) continue
    times.set(stage, (times.get(stage) ?? 0) + passedUs)
  }
  return times
}

/** By node of the tree of calls; none where nothing is done. */
const stages = (profile: SampledProfile): ReadonlyMap<number, string> => {
  const found = new Map<number, string>()
  for (const { id, name, urls } of frameUrls(profile)) {
    if (name === IDLE) continue
    if (name === '(garbage collector)') found.set(id, COLLECTION)
    else found.set(id, stageOfStack(urls) ?? (urls.some((url) => url !== '') ? OTHER : NATIVE))
  }
  return found
}

/** `urls` from the innermost frame outwards. */
const stageOfStack = (urls: readonly string[]): string | undefined => {
  for (const url of urls) {
    const stage = STAGES.find(([, files]) => files.test(url))
    if (stage) return stage[0]
  }
  return undefined
}
