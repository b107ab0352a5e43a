import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeStranger } from './ingress-answer.ts'

const judge = (status: number) => {
  const { verdict, fact, why } = judgeStranger(status, 'federator.alpha.test')
  return `${verdict}: ${fact}: ${why}`
}

test('strangers are answered 400 and nothing else', () => {
  assert.match(judge(400), /^ok/)
  assert.match(judge(200), /^failed.*lets anybody speak for any domain/)
  assert.match(judge(404), /^failed.*does not behave like the ingress/)
})

test('another host name is recognised', () => {
  assert.match(judge(421), /^failed: it answers 421: it does not serve federator\.alpha\.test/)
})
