import type { galleyFederation } from '#src/contract/federation/galley.ts'
import { decodeProteusMessage, MalformedProteusMessage } from '#src/rpc/proteus-reader.ts'
import type { ProteusMessage } from '#src/rpc/proteus.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { Log } from '#src/kit/log.ts'
import { hop } from '#src/kit/trace.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import { sendMessage as accept, type SendingNeeds } from '../../send-message.ts'

interface Needs extends SendingNeeds {
  readonly log: Log
}

export const sendMessage =
  (needs: Needs): RpcHandler<(typeof galleyFederation)['send-message'], FederationContext> =>
  async ({ conv_id: conversation, sender, raw_message: raw }, { origin, requestId }) => {
    hop(needs.log, 'galley-owner', requestId)
    const sent = await accept(needs, {
      conversation,
      // Of the asking backend: it cannot speak for users of anybody else.
      sender: { domain: origin, id: sender },
      message: readMessage(raw),
      origin: null,
      requestId,
    })
    switch (sent.outcome) {
      case 'sent':
        return { Right: sent.status }
      case 'mismatch':
        return { Left: { tag: 'MessageNotSentClientMissing', contents: sent.status } }
      case 'unknown-client':
        return { Left: { tag: 'MessageNotSentUnknownClient' } }
      case 'not-found':
        return { Left: { tag: 'MessageNotSentConversationNotFound' } }
      default:
        return sent satisfies never
    }
  }

const readMessage = (raw: string): ProteusMessage => {
  try {
    return decodeProteusMessage(Buffer.from(raw, 'base64'))
  } catch (error) {
    if (!(error instanceof MalformedProteusMessage)) throw error
    throw new Refusal(400, 'invalid-payload', { detail: `the message cannot be read: ${error.message}`, cause: error })
  }
}
