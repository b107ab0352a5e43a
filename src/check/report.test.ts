import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isGood, renderJson, renderStep, renderSummary } from './report.ts'
import type { Step } from './step.ts'

const srv: Step = { name: 'srv', verdict: 'ok', fact: 'one target', details: ['port 443'], tookMs: 1.26 }
const warned: Step = {
  name: 'expiry',
  about: 'h:443',
  verdict: 'warning',
  fact: 'soon',
  why: 'w',
  change: 'c',
  tookMs: 0,
}
const names: Step = {
  name: 'names',
  about: 'h:443',
  verdict: 'failed',
  fact: 'it names\u001b[31m nobody',
  why: 'nobody is known without a name',
  change: 'DNS',
  data: { names: ['evil\u009b'] },
  tookMs: 120.6,
}
const http2: Step = { name: 'http2', about: 'h:443', verdict: 'not-tried', fact: 'not tried', tookMs: 0 }
const STEPS = [srv, warned, names, http2]

test('a step is a line with its time, and what there is to know and to do below it', () => {
  assert.equal(renderStep(srv), '  ok      srv                    1.3 ms  one target\n            port 443\n')
  assert.equal(
    renderStep(names, srv),
    [
      '  h:443',
      '  FAILED  names                  121 ms  it names·[31m nobody',
      '          why:    nobody is known without a name',
      '          change: DNS',
      '',
    ].join('\n'),
  )
})

test('steps of one target share a heading, and steps that were not tried wait for the summary', () => {
  assert.doesNotMatch(renderStep(names, warned), /h:443/)
  assert.equal(renderStep(http2, names), '')
})

test('the summary names what failed, what deserves a look and what is not known yet', () => {
  assert.equal(
    renderSummary(STEPS, { domain: 'beta.test' }),
    '\nbeta.test: failed: names.\nWorth a look: expiry.\nCould not be tried before that is mended: http2.\n',
  )
  assert.equal(renderSummary([srv], { domain: 'beta.test' }), '\nbeta.test: nothing failed.\n')
})

test('a warning is no failure', () => {
  assert.equal(isGood([srv, warned]), true)
  assert.equal(isGood(STEPS), false)
})

test('programs read the same steps, without control characters either', () => {
  const at = new Date('2026-01-01T00:00:00.000Z')
  const text = renderJson(STEPS, { domain: 'beta.test', seenFrom: 'alpha.test', at })
  const report: unknown = JSON.parse(text)
  assert.deepEqual(report, {
    domain: 'beta.test',
    seenFrom: 'alpha.test',
    at: '2026-01-01T00:00:00.000Z',
    ok: false,
    steps: [srv, warned, { ...names, fact: 'it names·[31m nobody', data: { names: ['evil·'] } }, http2],
  })
})
