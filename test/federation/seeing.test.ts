/** What operators of both sides can see of one call: one trace, and one request id in both logs. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock } from '#src/kit/clock.ts'
import { createLog } from '#src/kit/log.ts'
import { systemRandom } from '#src/kit/random.ts'
import { createTracer, currentTraceparent, type FinishedSpan } from '#src/kit/tracing.ts'
import { callPeer } from './calling.ts'
import { jsonAnswer } from './fake-component.ts'
import { type IngressKind, startNet } from './net.ts'
import { nginxExecutable } from './nginx.ts'

const withoutNginx = nginxExecutable === undefined ? 'nginx is not installed' : false

describe('through the built-in ingress', () => tryThrough('builtin'))
describe('through the built-in ingress in a process of its own', () => tryThrough('split'))
describe('through nginx', { skip: withoutNginx, tags: ['nginx'] }, () => tryThrough('nginx'))

const tracing = () => {
  const spans: FinishedSpan[] = []
  const onFinished = (span: FinishedSpan): void => void spans.push(span)
  return { spans, tracer: createTracer({ onFinished, sampleRatio: 1, clock: systemClock, random: systemRandom }) }
}

const logLines = () => {
  const lines: Record<string, unknown>[] = []
  const write = (line: string): void => void lines.push(JSON.parse(line))
  return { lines, log: createLog({ level: 'info', name: 'test', destination: { write } }) }
}

function tryThrough(ingress: IngressKind): void {
  test('one trace goes from the caller to the component of the other backend, phase by phase', async () => {
    await using net = await startNet()
    const [ours, theirs] = [tracing(), tracing()]
    const a = await net.start({ domain: 'a.test', tracer: ours.tracer })
    const b = await net.start({ domain: 'b.test', tracer: theirs.tracer, ingress })
    let inside: string | undefined
    b.components.answer(() => {
      inside = currentTraceparent()
      return jsonAnswer({})
    })
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const headers = { 'wire-origin-domain': 'a.test', traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
    assert.equal((await callPeer(a, 'b.test', { headers })).status, 200)

    assert.deepEqual(new Set([...ours.spans, ...theirs.spans].map((span) => span.traceId)), new Set([traceId]))
    const namesOf = (spans: readonly FinishedSpan[]): string[] => spans.map(({ name }) => name)
    assert.deepEqual(namesOf(ours.spans), [
      'policy',
      'discovery',
      'connect',
      'tls',
      'answer',
      'body',
      'call api-version',
    ])
    assert.deepEqual(namesOf(theirs.spans), ['admit', 'component', 'receive api-version'])
    const [call, receive] = [ours.spans.at(-1), theirs.spans.at(-1)]
    assert.equal(call?.parentSpanId, '00f067aa0ba902b7')
    assert.equal(receive?.parentSpanId, call?.spanId)
    assert.equal(b.components.contacts.at(-1)?.headers['traceparent'], inside)
    assert.equal(inside?.split('-')[1], traceId)
  })

  test('a call that is refused is in both logs under one request id', async () => {
    await using net = await startNet()
    const [ours, theirs] = [logLines(), logLines()]
    const a = await net.start({ domain: 'a.test', log: ours.log })
    const remotes = { strategy: 'allowNone', remotes: [] } as const
    await net.start({ domain: 'b.test', log: theirs.log, ingress, remotes })
    await callPeer(a, 'b.test')
    const idOf = (lines: readonly Record<string, unknown>[]) => lines.find(({ requestId }) => requestId)?.['requestId']
    assert.match(String(idOf(ours.lines)), /^[0-9a-f-]{36}$/)
    assert.equal(idOf(theirs.lines), idOf(ours.lines))
  })
}
