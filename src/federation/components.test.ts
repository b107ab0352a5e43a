import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Transport, WireRequest } from '#src/kit/http/wire.ts'
import { componentCaller } from './components.ts'

const REQUEST = { component: 'galley', rpc: 'on-message-sent', headers: { a: 'b' }, body: Buffer.from('{}') } as const

test('the RPC alone is the path of a component, and other components hear nothing', async () => {
  const heard: WireRequest[] = []
  const galley: Transport = {
    send: async (request) => {
      heard.push(request)
      return { status: 200, headers: {}, body: new Uint8Array() }
    },
  }
  const silent: Transport = { send: () => assert.fail('the wrong component was called') }
  await componentCaller({ brig: silent, galley, cargohold: silent })(REQUEST)
  const [{ method, pattern, params, headers, body }] = heard as [WireRequest]
  assert.deepEqual(
    { method, pattern, params, headers, body },
    {
      method: 'POST',
      pattern: '/federation/{rpc}',
      params: { rpc: 'on-message-sent' },
      headers: { a: 'b' },
      body: REQUEST.body,
    },
  )
})

test('a component that does not begin to answer is given up, and whoever asks it knows when', async () => {
  let timeoutMs: number | undefined
  const hanging: Transport = {
    send: (request) => {
      timeoutMs = request.timeoutMs
      return new Promise(() => {})
    },
  }
  const call = componentCaller({ brig: hanging, galley: hanging, cargohold: hanging }, 20)
  await assert.rejects(call(REQUEST), /waiting for galley to answer on-message-sent/)
  assert.equal(timeoutMs, 20)
})
