/** What is stored of a message that came alone is what is stored of one that came with others, on whichever engine. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from 'kysely'
import type { Written } from '#src/queue/outbox-bell.ts'
import { NO_TOPICS, remoteLetter } from '#src/queue/outbox.ts'
import type { ConversationId } from '#src/contract/ids.ts'
import { eventually, type TestDatabases } from '#src/storage/testing.ts'
import { selfConversation } from './conversation.ts'
import { type EventTime, LATER, timestampOf } from './event-times.ts'
import { galleyStore } from './store.ts'
import type { MessageToAccept, SendingStore } from './store-sending.ts'
import { B, C, person, startTestGalley, type TestGalley } from './testing.ts'

const NOW: EventTime = 1_900_000_000_000

export const loneSendingSuite = (engine: string, databases: () => Promise<TestDatabases>): void => {
  describe(engine, () => {
    let galley: TestGalley
    let scene: Scene
    before(async () => {
      galley = await startTestGalley(databases)
    })
    after(() => galley[Symbol.asyncDispose]())
    beforeEach(async () => {
      scene = await sceneOf(galley)
    })

    test('its letters are stored with its time, and handed over as they are stored', async () => {
      const stored = await scene.accepts({ letters: [letter(B, 1), { ...letter(C, 2), topics: [3, 4] }] })
      assert.deepEqual(stored.times, [NOW])
      assert.deepEqual(
        stored.rows.map(({ lane, text }) => [lane, bodyIn(text)]),
        [
          [B, `{"time":"${timestampOf(NOW)}","number":1}`],
          [C, `{"time":"${timestampOf(NOW)}","number":2}`],
        ],
      )
      const [written, ...more] = scene.handed
      assert.ok(written && more.length === 0)
      assert.deepEqual([written.first, written.last].map(String), [stored.rows[0]?.id, stored.rows[1]?.id])
      assert.deepEqual(
        written.letters.map(({ lane, text, topics = NO_TOPICS }) => ({ lane, text, topics })),
        stored.rows.map(({ lane, text, topics }) => ({ lane, text, topics })),
      )
      for (const { text, bundle } of written.letters) assert.deepEqual(bundle, JSON.parse(text))
    })

    test('each is later than the one before it, whatever the clock says', async () => {
      const times: (EventTime | undefined)[] = []
      for (const now of [NOW, NOW, NOW - 5, NOW + 9]) times.push(...(await scene.accepts({ now })).times)
      assert.deepEqual(times, [NOW, NOW + 1, NOW + 2, NOW + 9])
      assert.deepEqual(
        scene.handed.map(({ letters }) => bodyIn(letters[0]?.text)),
        times.map((time) => `{"time":"${timestampOf(time ?? 0)}","number":1}`),
      )
    })

    for (const [what, change] of Object.entries<Partial<MessageToAccept>>({
      'was compared with other members': { revision: 7 },
      'relied on a promise that nobody gave': { promises: [{ domain: B, generation: 99 }] },
      'is for a conversation that is gone': { conversation: person().id as string as ConversationId },
    }))
      test(`nothing is stored of one that ${what}`, async () => {
        const stored = await scene.accepts(change)
        assert.deepEqual([stored.times, stored.rows, scene.handed], [[undefined], [], []])
        assert.deepEqual((await scene.accepts({ now: NOW - 1 })).times, [NOW - 1])
      })

    test('nothing is stored of one that relied on a promise that has ended, or on that and others', async () => {
      const store = galleyStore(galley.db)
      const [b, c] = [await store.generationOf(B), await store.generationOf(C)]
      await store.endGeneration(B)
      const [ended, next] = [
        { domain: B, generation: b },
        { domain: B, generation: b + 1 },
      ]
      const other = { domain: C, generation: c }
      assert.deepEqual((await scene.accepts({ promises: [ended] })).times, [undefined])
      assert.deepEqual((await scene.accepts({ promises: [other, ended] })).times, [undefined])
      assert.deepEqual((await scene.accepts({ promises: [next, other] })).times, [NOW])
    })

    test('nothing is stored of one for a conversation that takes no Proteus messages any more', async () => {
      await sql`update galley.conversations set protocol = 'mls' where id = ${scene.conversation}`.execute(galley.db)
      assert.deepEqual((await scene.accepts({})).times, [undefined])
    })

    test('nor of one that waited for somebody who changed the members', async () => {
      let accepting: ReturnType<Scene['accepts']> | undefined
      await galley.db.transaction().execute(async (tx) => {
        await sql`update galley.conversations set members_revision = members_revision + 1
          where id = ${scene.conversation}`.execute(tx)
        accepting = scene.accepts({})
        if (engine === 'PostgreSQL') await eventually(() => somebodyWaits(galley), 'the message waited for the change')
      })
      assert.deepEqual((await accepting)?.times, [undefined])
    })

    test('a lane that is drained elsewhere is told by the database', async () => {
      scene.elsewhere.add(C)
      const notes: string[] = []
      await using _listening = await galley.database.listen('outbox', (note) => notes.push(note))
      await scene.accepts({ letters: [letter(B, 1), letter(C, 2)] })
      await eventually(() => notes.length > 0, 'the lane was told')
      assert.deepEqual(notes, [`galley ${C}`])
    })
  })
}

interface Scene {
  readonly conversation: ConversationId
  readonly handed: Written[]
  /** Lanes of other processes. */
  readonly elsewhere: Set<string>
  accepts(message: Partial<MessageToAccept>): Promise<{
    readonly times: Awaited<ReturnType<SendingStore['accept']>>
    /** Which were not there before. */
    readonly rows: readonly { id: string; lane: string; text: string; topics: number[] }[]
  }>
}

const sceneOf = async (galley: TestGalley): Promise<Scene> => {
  const owner = person()
  await galley.as(owner, 'create-self-conversation', {})
  const conversation = selfConversation(owner.id).id
  await galley.queued()
  const handed: Written[] = []
  const elsewhere = new Set<string>()
  const store = galleyStore(galley.db, {
    isHere: ({ lane }) => !elsewhere.has(lane),
    ring: () => assert.fail('nothing is uncertain'),
    handOver: (written) => void handed.push(written),
  })
  return {
    conversation,
    handed,
    elsewhere,
    accepts: async (message) => {
      const last = await sql<{ id: string }>`select coalesce(max(id), 0) as id from galley.outbox`.execute(galley.db)
      const ordinary = { conversation, revision: 0, promises: [], now: NOW, letters: [letter(B, 1)] }
      const times = await store.accept([{ ...ordinary, ...message }])
      const { rows } = await sql<{ id: string; lane: string; text: string; topics: number[] }>`
        select id, lane, letter as text, topics from galley.outbox
        where id > ${last.rows[0]?.id} order by id`.execute(galley.db)
      return { times, rows }
    },
  }
}

const letter = (lane: typeof B, number: number) =>
  remoteLetter(lane, {
    notifications: [
      {
        targetComponent: 'galley',
        path: 'on-message-sent',
        body: `{"time":"${LATER}","number":${number}}`,
        bodyVersions: { from: 0 },
        requestId: 'r',
      },
    ],
  })

const bodyIn = (text = ''): unknown => JSON.parse(text).notifications[0].body

const somebodyWaits = async (galley: TestGalley): Promise<boolean> => {
  const { rows } = await sql`
    select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(galley.db)
  return rows.length > 0
}
