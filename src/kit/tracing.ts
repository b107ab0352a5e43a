/**
 * Where the time of a request goes, across parts and backends: spans as OpenTelemetry understands them, continued by
 * the header `traceparent` of W3C Trace Context. Who opens a trace is handed a {@link Tracer}; what happens within it
 * (`inSpan`) finds the current span by itself, and costs one look-up when there is none.
 *
 * Our own and not the SDK of OpenTelemetry: what we need of it is this file and `otlp.ts`, and the SDK is thirty
 * megabytes of packages. The form on the wire is theirs.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

export type SpanKind = 'internal' | 'server' | 'client' | 'producer'

export type Attributes = Readonly<Record<string, string | number>>

export interface FinishedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: SpanKind
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Attributes
  /** Why it failed, if it did; for operators, as in the log. */
  readonly failure: string | undefined
}

export interface SpanOptions {
  readonly kind?: SpanKind
  readonly attributes?: Attributes
}

export interface EntryOptions extends SpanOptions {
  /** What another process said it belongs to, as it came: text of strangers. */
  readonly traceparent?: string | undefined
}

export interface Tracer {
  /** Begins a span that continues the current one, or the one of another process, or a trace of its own. */
  enter<T>(name: string, options: EntryOptions, work: () => Promise<T>): Promise<T>
}

export const noTracer: Tracer = { enter: (_name, _options, work) => work() }

interface Active {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
  readonly needs: TracerNeeds
}

export interface TracerNeeds {
  readonly onFinished: (span: FinishedSpan) => void
  /** Of all traces, the part that is kept; the same ones everywhere, because the trace id decides. */
  readonly sampleRatio: number
  readonly clock: Clock
  readonly random: Random
}

const current = new AsyncLocalStorage<Active>()

export const createTracer = (needs: TracerNeeds): Tracer => ({
  enter: (name, options, work) => {
    const active = current.getStore()
    // Several backends may share a process, so only what is ours is continued without a header.
    const parent = active?.needs === needs ? active : parentOf(options.traceparent)
    return run({ name, options, parent, needs }, work)
  },
})

/** A part of the current span; just the work when nobody traces. */
export const inSpan = <T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> => {
  const parent = current.getStore()
  return parent ? run({ name, options, parent, needs: parent.needs }, work) : work()
}

/** Like {@link inSpan} for what ends elsewhere: call the result when it is over. */
export const startSpan = (name: string, options: SpanOptions = {}): ((failure?: string) => void) => {
  const parent = current.getStore()
  if (!parent?.isSampled) return () => {}
  const { finish } = begin({ name, options, parent, needs: parent.needs })
  return finish
}

/** The header by which another process continues the current span. */
export const currentTraceparent = (): string | undefined => {
  const active = current.getStore()
  return active && `00-${active.traceId}-${active.spanId}-${active.isSampled ? '01' : '00'}`
}

/** The current header among others, if there is a current span. */
export const withTraceparent = <H extends Readonly<Record<string, unknown>>>(headers: H): H => {
  const traceparent = currentTraceparent()
  return traceparent === undefined ? headers : { ...headers, traceparent }
}

interface Parent {
  readonly traceId: string
  readonly spanId: string
}

interface Beginning {
  readonly name: string
  readonly options: SpanOptions
  readonly parent: (Parent & { readonly isSampled?: boolean }) | undefined
  readonly needs: TracerNeeds
}

const begin = ({ name, options, parent, needs }: Beginning) => {
  const traceId = parent?.traceId ?? needs.random.uuid().replaceAll('-', '')
  const active: Active = {
    traceId,
    spanId: needs.random.uuid().replaceAll('-', '').slice(0, 16),
    // Whether another process keeps its part is its business; it must not decide what we keep.
    isSampled: parent?.isSampled ?? isKept(traceId, needs.sampleRatio),
    needs,
  }
  const startMs = needs.clock.now().getTime()
  const beganMs = needs.clock.monotonicMs()
  let isOver = false
  const finish = (failure?: string): void => {
    if (isOver || !active.isSampled) return
    isOver = true
    const endMs = startMs + needs.clock.monotonicMs() - beganMs
    const { kind = 'internal', attributes = {} } = options
    const { spanId } = active
    needs.onFinished({ traceId, spanId, parentSpanId: parent?.spanId, name, kind, startMs, endMs, attributes, failure })
  }
  return { active, finish }
}

const run = async <T>(beginning: Beginning, work: () => Promise<T>): Promise<T> => {
  const { active, finish } = begin(beginning)
  try {
    const result = await current.run(active, work)
    finish()
    return result
  } catch (error) {
    finish(error instanceof Error ? error.message : String(error))
    throw error
  }
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/
const NOTHING = /^0+$/

/** W3C Trace Context §3.2: what cannot be read, the version ff and ids of zeros only are as if nothing was sent. */
const parentOf = (traceparent: string | undefined): Parent | undefined => {
  const [, traceId = '', spanId = ''] = TRACEPARENT.exec(traceparent ?? '') ?? []
  if (traceparent?.startsWith('ff') || traceId === '' || NOTHING.test(traceId) || NOTHING.test(spanId)) return undefined
  return { traceId, spanId }
}

const ID_BITS_USED = 0x1_0000_0000

/** By its last part, which is random even in ids that begin with a time. */
const isKept = (traceId: string, ratio: number): boolean =>
  Number.parseInt(traceId.slice(-8), 16) < ratio * ID_BITS_USED
