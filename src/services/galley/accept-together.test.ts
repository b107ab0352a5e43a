import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConversationId } from '#src/contract/ids.ts'
import { testClock } from '#src/kit/clock.ts'
import { endOfTurn } from '#src/kit/turn.ts'
import { acceptTogether } from './accept-together.ts'
import { eventTimes } from './event-times.ts'
import type { MessageToAccept } from './store-sending.ts'

const message = (digit: string) => ({
  conversation: ConversationId.parse(`00000000-0000-4000-8000-00000000000${digit}`),
  revision: 0,
  promises: [],
  letters: [],
})

test('what happens while a message waits to be stored is earlier than it', async () => {
  const times = eventTimes(testClock())
  const first = Promise.withResolvers<void>()
  const stored: MessageToAccept[][] = []
  const accepting = acceptTogether(
    {
      accept: async (messages) => {
        stored.push([...messages])
        if (stored.length === 1) await first.promise
        return messages.map(({ now }) => now)
      },
    },
    times,
  )
  const one = accepting.write([message('1')])
  await endOfTurn()
  const two = accepting.write([message('2'), message('3')])
  const meanwhile = times.next()
  first.resolve()
  const [[earlier], [later, last]] = await Promise.all([one, two])
  assert.deepEqual([later, last, earlier], [meanwhile + 1, meanwhile + 2, meanwhile - 1])
  assert.deepEqual(
    stored.map(({ length }) => length),
    [1, 2],
  )
})
