import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Inbox } from './inbox.ts'

const told = (id: string, type: string) => ({ id, payload: [{ type }] })

test('waiting ends with what is there already and with what comes later', async () => {
  const inbox = new Inbox()
  inbox.add(told('1', 'a'))
  const later = inbox.until('b', (events) => events.find((event) => event.type === 'b'))
  inbox.add(told('2', 'b'))

  assert.equal((await inbox.until('a', (events) => events.find((event) => event.type === 'a'))).type, 'a')
  assert.equal((await later).type, 'b')
})

test('a notification that comes by socket and by catching up counts once', () => {
  const inbox = new Inbox()
  inbox.add(told('1', 'a'))
  inbox.add(told('1', 'a'))

  assert.equal(inbox.events.length, 1)
})

test('catching up starts after the last notification that is stored', () => {
  const inbox = new Inbox()
  inbox.add(told('1', 'a'))
  inbox.add({ ...told('2', 'typing'), transient: true })

  assert.equal(inbox.lastStored, '1')
})

test('whoever waits in vain is told what came instead', async () => {
  const inbox = new Inbox()
  inbox.add(told('1', 'a'))

  await assert.rejects(
    inbox.until('b', () => undefined, 1),
    /b did not come within 1 ms; came so far: a/,
  )
})
