/** Sending finished spans to a collector: OTLP over HTTP with JSON, which every collector reads. */
import { z } from 'zod'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import type { FinishedSpan, SpanKind } from './tracing.ts'

export const TracingConfig = z
  .strictObject({
    otlpUrl: z
      .url({ protocol: /^https?$/ })
      .max(2_048)
      .optional()
      .describe('Collector that takes traces by OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces`.'),
    sampleRatio: z.number().min(0).max(1).default(1).describe('Part of all traces that is kept.'),
  })
  .prefault({})

export interface OtlpOptions {
  /** Where the collector takes traces, `/v1/traces` included. */
  readonly url: string
  readonly service: string
  readonly clock: Clock
  readonly log: Log
}

export interface SpanExporter extends AsyncDisposable {
  readonly take: (span: FinishedSpan) => void
}

/** Spans that wait; more are lost, because telling about requests must not become heavier than the requests. */
const WAITING_MAX = 4_096
const BATCH_MAX = 512
const PAUSE_MS = 1_000
const SEND_TIMEOUT_MS = 5_000

export const exportOtlp = ({ url, service, clock, log }: OtlpOptions): SpanExporter => {
  let waiting: FinishedSpan[] = []
  let lost = 0
  let timer: Disposable | undefined
  let sending: Promise<void> | undefined

  const sendBatch = async (): Promise<void> => {
    const batch = waiting.slice(0, BATCH_MAX)
    waiting = waiting.slice(BATCH_MAX)
    try {
      await post(url, render(service, batch))
    } catch (error) {
      lost += batch.length
      log.warn({ err: error, url, lost }, 'traces could not be sent to the collector')
    }
  }
  const sendAll = async (): Promise<void> => {
    while (waiting.length > 0) await sendBatch()
  }
  const schedule = (): void => {
    timer ??= clock.after(PAUSE_MS, () => {
      sending = sendAll().finally(() => {
        timer = undefined
        if (waiting.length > 0) schedule()
      })
    })
  }

  return {
    take: (span) => {
      if (waiting.length >= WAITING_MAX) {
        lost += 1
        return
      }
      waiting.push(span)
      schedule()
    },
    [Symbol.asyncDispose]: async () => {
      timer?.[Symbol.dispose]()
      await sending
      await sendAll()
    },
  }
}

const post = async (url: string, body: object): Promise<void> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`the collector answered ${response.status}`)
}

const render = (service: string, spans: readonly FinishedSpan[]): object => ({
  resourceSpans: [
    {
      resource: { attributes: attributesOf({ 'service.name': service }) },
      scopeSpans: [{ scope: { name: 'comity' }, spans: spans.map(renderSpan) }],
    },
  ],
})

/** opentelemetry-proto, `Span.SpanKind`. */
const KINDS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4 }
const STATUS_ERROR = 2

const renderSpan = (span: FinishedSpan): object => ({
  traceId: span.traceId,
  spanId: span.spanId,
  ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId }),
  name: span.name,
  kind: KINDS[span.kind],
  startTimeUnixNano: nanos(span.startMs),
  endTimeUnixNano: nanos(span.endMs),
  attributes: attributesOf(span.attributes),
  ...(span.failure !== undefined && { status: { code: STATUS_ERROR, message: span.failure } }),
})

// As text: numbers of JSON do not reach that far.
const nanos = (ms: number): string => `${BigInt(Math.round(ms * 1000)) * 1000n}`

const attributesOf = (attributes: FinishedSpan['attributes']): object[] =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { doubleValue: value } : { stringValue: value },
  }))
