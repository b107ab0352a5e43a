/**
 * Payloads of the original, which may lie beside the repository but not in it (their licence is another one): every
 * one must parse, and encode to the same JSON value again. Our own payloads are in `own-payloads.test.ts`.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { z } from 'zod'
import { MLSMessageSendingStatus } from '#src/contract/client/mls.ts'
import { NewConnectionRequest, NewConnectionResponse } from '#src/contract/federation/brig.ts'
import { ConversationUpdate, ConversationUpdateV0 } from '#src/contract/federation/conversation-updates.ts'
import { ConversationCreated, LeaveConversationResponse } from '#src/contract/federation/galley.ts'
import { MessageSendResponse } from '#src/contract/federation/messages.ts'
import { GetOne2OneConversationResponse, GetOne2OneConversationResponseV2 } from '#src/contract/federation/one2one.ts'
import { updateToV0 } from '#src/rpc/federation-forms.ts'

const FOLDER = new URL('../../../shared/wire-data/federation-golden/', import.meta.url)

const schemas: Readonly<Record<string, z.ZodType>> = {
  ConversationCreated1: ConversationCreated,
  ConversationUpdate1: ConversationUpdate,
  ConversationUpdate1V0: ConversationUpdateV0,
  ConversationUpdate2: ConversationUpdate,
  ConversationUpdate2V0: ConversationUpdateV0,
  GetOne2OneConversationResponseNotConnected: GetOne2OneConversationResponse,
  GetOne2OneConversationResponseV2NotConnected: GetOne2OneConversationResponseV2,
  GetOne2OneConversationResponseV2Ok: GetOne2OneConversationResponseV2,
  LeaveConversationResponse1: LeaveConversationResponse,
  LeaveConversationResponse3: LeaveConversationResponse,
  LeaveConversationResponse8: LeaveConversationResponse,
  MLSMessageSendingStatus1: MLSMessageSendingStatus,
  MLSMessageSendingStatus2: MLSMessageSendingStatus,
  MLSMessageSendingStatus3: MLSMessageSendingStatus,
  MessageSendResponse3: MessageSendResponse,
  MessageSendResponse5: MessageSendResponse,
  MessageSendResponse6: MessageSendResponse,
  NewConnectionRequest1: NewConnectionRequest,
  NewConnectionRequest2: NewConnectionRequest,
  NewConnectionResponse2: NewConnectionResponse,
  NewConnectionResponse4: NewConnectionResponse,
}

const isPresent = existsSync(FOLDER)
const skip = isPresent ? false : `the payloads of the original are not at ${FOLDER.pathname}`

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`testObject_${name}.json`, FOLDER), 'utf8'))

const encoded = (schema: z.ZodType, value: unknown): unknown => JSON.parse(JSON.stringify(schema.parse(value)))

test('every payload of the original is in the table', { skip }, () => {
  const names = readdirSync(FOLDER).flatMap((file) => /^testObject_(.*)\.json$/.exec(file)?.[1] ?? [])
  assert.deepEqual(names.toSorted(), Object.keys(schemas).toSorted())
})

for (const [name, schema] of Object.entries(schemas)) {
  test(`the original's ${name} parses and encodes to the same value`, { skip }, () => {
    const value = read(name)
    assert.deepEqual(encoded(schema, value), value)
  })
}

test('the down-conversion of an update is the one of the original', { skip }, () => {
  assert.deepEqual(updateToV0(ConversationUpdate.parse(read('ConversationUpdate1'))), read('ConversationUpdate1V0'))
  assert.deepEqual(updateToV0(ConversationUpdate.parse(read('ConversationUpdate2'))), read('ConversationUpdate2V0'))
})
