import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import type { Written } from '#src/queue/outbox-bell.ts'
import { NO_TOPICS } from '#src/queue/outbox.ts'
import type { ConversationId } from '#src/contract/ids.ts'
import { selfConversation } from './conversation.ts'
import { LATER } from './event-times.ts'
import { galleyStore } from './store.ts'
import { B, person, startTestGalley, type TestGalley } from './testing.ts'

test('what is handed over to the courier of the process is what was stored, under the ids that it has', async () => {
  await using galley = await startTestGalley()
  const handed: Written[] = []
  const bell = {
    isHere: ({ lane }: { readonly lane: string }) => lane === B,
    ring: () => {},
    handOver: (written: Written) => void handed.push(written),
  }
  const store = galleyStore(galley.db, bell)
  const conversations = [await hosted(galley), await hosted(galley)] as const
  await galley.queued()
  const letter = (lane: string, text: string) => ({ lane, text: `{"time":"${LATER}","again":"${LATER}",${text}}` })
  const [one, other] = conversations
  await store.accept([
    {
      ...one,
      revision: 0,
      promises: [],
      now: 1_700_000_000_007,
      letters: [letter(B, '"a":1'), letter('@local', '"b":2')],
    },
    // Compared with other members than there are.
    { ...other, revision: 99, promises: [], now: 1_700_000_000_008, letters: [letter(B, '"c":3')] },
    {
      ...other,
      revision: 0,
      promises: [],
      now: 4_000_000_000_000,
      letters: [{ ...letter(B, '"d":4'), topics: [1, 2] }],
    },
  ])
  const { rows } = await sql<{ id: string; lane: string; letter: string; topics: number[] }>`
    select id, lane, letter, topics from galley.outbox order by id`.execute(galley.db)
  const [written, ...more] = handed
  assert.deepEqual(more, [])
  assert.deepEqual(
    written?.letters.map(({ lane, text, topics = NO_TOPICS }, index) => ({
      id: String(written.first + index),
      lane,
      letter: text,
      topics,
    })),
    rows,
  )
  assert.equal(rows.length, 3)
  assert.deepEqual([written?.service, written?.here, String(written?.last)], ['galley', [B], rows.at(-1)?.id])
})

const hosted = async (galley: TestGalley): Promise<{ readonly conversation: ConversationId }> => {
  const owner = person()
  await galley.as(owner, 'create-self-conversation', {})
  return { conversation: selfConversation(owner.id).id }
}
