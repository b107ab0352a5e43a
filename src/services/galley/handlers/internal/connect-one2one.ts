import type { galleyInternal } from '#src/contract/internal/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import { alignHosted } from '../../align-hosted.ts'
import { alignElsewhere } from '../../align-elsewhere.ts'
import type { AligningNeeds } from '../../one-to-one.ts'

export const connectOneToOne =
  (needs: AligningNeeds): Handler<(typeof galleyInternal)['connect-one2one'], InternalContext> =>
  async ({ body }, { requestId }) => {
    const isOurs = body.conversation.domain === needs.domain
    await (isOurs ? alignHosted(needs, body, requestId) : alignElsewhere(needs, body, requestId))
    return { outcome: 'aligned', body: {} }
  }
