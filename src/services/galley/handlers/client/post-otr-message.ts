import type { legacyMessages } from '#src/contract/client/legacy-messages.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { legacyStatus, readLegacyMessage } from '../../legacy-message.ts'
import { originOf } from '../../pushes.ts'
import { sendMessage, type SendingNeeds } from '../../send-message.ts'

/** COMPAT(v0): into conversations of this backend, to clients of this backend. */
export const postOtrMessage =
  (needs: SendingNeeds): Handler<(typeof legacyMessages)['post-otr-message'], ClientContext> =>
  async ({ params: { conversation }, query, headers, body }, { caller, requestId }) => {
    const { domain } = needs
    const message = readLegacyMessage(body, {
      isProtobuf: headers['content-type'].startsWith('application/x-protobuf'),
      flags: { ignoreMissing: query.ignore_missing, reportMissing: query.report_missing },
      domain,
    })
    if (!message) return { outcome: 'malformed' }
    const sent = await sendMessage(needs, {
      conversation,
      sender: { domain, id: caller.user },
      message,
      origin: originOf(caller),
      requestId,
    })
    return 'status' in sent
      ? { outcome: sent.outcome, body: legacyStatus(sent.status, domain) }
      : { outcome: sent.outcome }
  }
