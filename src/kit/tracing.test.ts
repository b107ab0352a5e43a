import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { test } from 'node:test'
import { systemClock, testClock } from './clock.ts'
import { nullLog } from './log.ts'
import { exportOtlp } from './otlp.ts'
import { seededRandom } from './random.ts'
import { createTracer, currentTraceparent, type FinishedSpan, inSpan, startSpan, withTraceparent } from './tracing.ts'

const recorded = (sampleRatio = 1) => {
  const spans: FinishedSpan[] = []
  const clock = testClock()
  const onFinished = (span: FinishedSpan): void => void spans.push(span)
  return { spans, clock, tracer: createTracer({ onFinished, sampleRatio, clock, random: seededRandom(1) }) }
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`

test('spans within one another are parts of one trace, each below the one around it', async () => {
  const { spans, clock, tracer } = recorded()
  await tracer.enter('whole', { kind: 'server', attributes: { rpc: 'x' } }, async () => {
    await inSpan('part', {}, () => clock.advance(30))
    startSpan('end')()
  })
  const [part, end, whole] = spans
  assert.deepEqual([part?.name, end?.name, whole?.name], ['part', 'end', 'whole'])
  assert.deepEqual(new Set(spans.map(({ traceId }) => traceId)).size, 1)
  assert.deepEqual([part?.parentSpanId, end?.parentSpanId], [whole?.spanId, whole?.spanId])
  assert.equal((part?.endMs ?? 0) - (part?.startMs ?? 0), 30)
  assert.equal(whole?.parentSpanId, undefined)
})

test('a trace of another process is continued, and handed on', async () => {
  const { spans, tracer } = recorded()
  const seen = await tracer.enter('a', { traceparent: PARENT }, async () => withTraceparent({ x: '1' }))
  assert.deepEqual([spans[0]?.traceId, spans[0]?.parentSpanId], [TRACE, '00f067aa0ba902b7'])
  assert.deepEqual(seen, { x: '1', traceparent: `00-${TRACE}-${spans[0]?.spanId}-01` })
  assert.equal(currentTraceparent(), undefined)
})

for (const bad of [
  '',
  'x',
  `ff-${TRACE}-00f067aa0ba902b7-01`,
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
  `00-${TRACE}-00f067aa0ba902b7-01x`,
]) {
  test(`"${bad}" is no trace to continue`, async () => {
    const { spans, tracer } = recorded()
    await tracer.enter('a', { traceparent: bad }, async () => {})
    assert.notEqual(spans[0]?.traceId, TRACE)
    assert.equal(spans[0]?.parentSpanId, undefined)
  })
}

test('a failure is told, and is a failure still', async () => {
  const { spans, tracer } = recorded()
  await assert.rejects(
    tracer.enter('a', {}, () => inSpan('b', {}, () => Promise.reject(new Error('no')))),
    /no/,
  )
  assert.deepEqual(
    spans.map(({ failure }) => failure),
    ['no', 'no'],
  )
})

test('who keeps nothing hands the trace on all the same, and a stranger cannot make us keep it', async () => {
  const { spans, tracer } = recorded(0)
  const header = await tracer.enter('a', { traceparent: PARENT }, async () => currentTraceparent())
  assert.match(header ?? '', new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`))
  assert.deepEqual(spans, [])
})

test('about the wanted part of all traces is kept', async () => {
  const { spans, tracer } = recorded(0.25)
  for (let count = 0; count < 1_000; count++) await tracer.enter('a', {}, async () => {})
  assert.ok(spans.length > 180 && spans.length < 320, `${spans.length} of 1000`)
})

test('outside of a trace there is only the work', async () => {
  assert.equal(await inSpan('a', {}, async () => currentTraceparent()), undefined)
  startSpan('b')()
})

test('a collector gets what has finished, in its own words', async () => {
  const received: { path: string | undefined; body: string }[] = []
  const collector = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      received.push({ path: request.url, body })
      response.end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const address = collector.address()
  assert.ok(address !== null && typeof address === 'object')
  const url = `http://127.0.0.1:${address.port}/v1/traces`
  {
    await using exporter = exportOtlp({ url, service: 'comity a.test', clock: systemClock, log: nullLog })
    const tracer = createTracer({
      onFinished: exporter.take,
      sampleRatio: 1,
      clock: systemClock,
      random: seededRandom(2),
    })
    await tracer.enter(
      'call x',
      { kind: 'client', traceparent: PARENT, attributes: { domain: 'b.test' } },
      async () => {},
    )
  }
  const [{ path, body }] = received as [{ path: string; body: string }]
  assert.equal(path, '/v1/traces')
  const [resource] = JSON.parse(body).resourceSpans
  assert.deepEqual(resource.resource.attributes, [{ key: 'service.name', value: { stringValue: 'comity a.test' } }])
  const [span] = resource.scopeSpans[0].spans
  assert.deepEqual([span.traceId, span.parentSpanId, span.name, span.kind], [TRACE, '00f067aa0ba902b7', 'call x', 3])
  assert.match(span.startTimeUnixNano, /^\d{19}$/)
  assert.deepEqual(span.attributes, [{ key: 'domain', value: { stringValue: 'b.test' } }])
  collector.close()
})

test('a collector that is not there costs a line in the log and nothing else', async () => {
  const exporter = exportOtlp({ url: 'http://127.0.0.1:1/v1/traces', service: 'x', clock: systemClock, log: nullLog })
  const tracer = createTracer({
    onFinished: exporter.take,
    sampleRatio: 1,
    clock: systemClock,
    random: seededRandom(3),
  })
  await tracer.enter('a', {}, async () => {})
  await exporter[Symbol.asyncDispose]()
})
