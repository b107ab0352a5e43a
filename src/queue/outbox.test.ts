import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FEDERATION_REQUEST_BYTES_MAX } from '#src/rpc/limits.ts'
import { embeddedDatabases, eventually } from '#src/storage/testing.ts'
import { HEAD_BYTES_MAX, HEAD_ROWS_MAX } from './limits.ts'
import { enqueue, enqueueLocal, enqueueRemote, OUTBOX_CHANNEL, remoteLetter } from './outbox.ts'
import { outboxStore } from './outbox-store.ts'
import { B, C, galleySchema, told } from './testing.ts'

const opened = async () => {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await stack.use(await embeddedDatabases()).open())
  const db = await galleySchema(database)
  const owned = stack.move()
  return { database, db, store: outboxStore(db), [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

test('a row is there when its transaction commits, with a note that names service and lane; otherwise neither is', async () => {
  await using queue = await opened()
  const notes: string[] = []
  await using _listening = await queue.database.listen(OUTBOX_CHANNEL, (note) => notes.push(note))
  const failing = queue.db.transaction().execute(async (tx) => {
    await enqueueRemote(tx, B, told('{}'))
    throw new Error('no')
  })
  await assert.rejects(failing, /^Error: no$/)
  await queue.db.transaction().execute(async (tx) => {
    await enqueueRemote(tx, C, told('{}'))
    await enqueueRemote(tx, C, told('{}'))
  })
  await eventually(() => notes.length > 0, 'the note was heard')
  assert.deepEqual(notes, [`galley ${C}`])
  assert.deepEqual(await queue.store.lanes(), [C])
})

test('ids rise within a lane, whatever is written to other lanes in between', async () => {
  await using queue = await opened()
  const ids = await enqueue(
    queue.db,
    [B, C, B, B].map((domain) => remoteLetter(domain, told('{}'))),
  )
  const toB = [ids[0], ids[2], ids[3]]
  assert.deepEqual(
    (await queue.store.head(B)).letters.map(({ id }) => id),
    toB,
  )
  const last = await enqueueRemote(queue.db, B, told('{}'))
  assert.ok(BigInt(last) > BigInt(ids[3] ?? 0))
})

test('what peers would refuse as too large is refused to the one who writes it', async () => {
  const huge = `"${'x'.repeat(FEDERATION_REQUEST_BYTES_MAX)}"`
  assert.throws(() => remoteLetter(B, told(huge)), /on-message-sent for b\.example is too large/)
})

test('what our own parts would refuse as too large is refused to the one who writes it', async () => {
  await using queue = await opened()
  const id = 'x'.repeat(1024 * 1024)
  const call = {
    target: 'gundeck',
    endpoint: 'remove-client',
    body: { user: id, client: '1' },
    requestId: 'r',
  } as const
  await assert.rejects(enqueueLocal(queue.db, call), /remove-client for gundeck is too large/)
})

test('no more rows and bytes of a lane are read at once than memory should hold, and always one', async () => {
  await using queue = await opened()
  await enqueue(
    queue.db,
    Array.from({ length: HEAD_ROWS_MAX + 1 }, () => remoteLetter(B, told('{}'))),
  )
  assert.equal((await queue.store.head(B)).letters.length, HEAD_ROWS_MAX)
  const large = `"${'x'.repeat(HEAD_BYTES_MAX)}"`
  await enqueue(
    queue.db,
    [told('{}'), told(large), told('{}')].map((bundle) => remoteLetter(C, bundle)),
  )
  const [first, ...others] = (await queue.store.head(C)).letters
  assert.equal(others.length, 1)
  await queue.store.acknowledge([first?.id ?? ''])
  assert.equal((await queue.store.head(C)).letters.length, 1)
})

test('lanes are found however many there are', async () => {
  await using queue = await opened()
  assert.deepEqual(await queue.store.lanes(), [])
  const lanes = Array.from({ length: 250 }, (_, index) => `d${String(index).padStart(3, '0')}.example`)
  await enqueue(
    queue.db,
    [...lanes, ...lanes].map((lane) => ({ lane, text: '{}' })),
  )
  assert.deepEqual((await queue.store.lanes()).toSorted(), lanes)
})

test('a letter that is given up is moved whole, with the reason', async () => {
  await using queue = await opened()
  const [id = ''] = await enqueue(queue.db, [{ lane: B, text: 'what was written' }])
  await queue.store.bury(id, { reason: 'bad-request', detail: 'a\0b' })
  await queue.store.bury(id, { reason: 'again', detail: '' })
  const letters = await queue.db
    .selectFrom('dead_letters')
    .select(['id', 'lane', 'letter', 'reason', 'detail'])
    .execute()
  assert.deepEqual(letters, [{ id, lane: B, letter: 'what was written', reason: 'bad-request', detail: 'a�b' }])
  assert.deepEqual((await queue.store.head(B)).letters, [])
})
