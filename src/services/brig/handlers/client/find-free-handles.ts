import { parseHandle } from '../../handle-rules.ts'
import { takenHandles } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

/** In the order given; what is no handle is passed over. */
export const findFreeHandles =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'find-free-handles'> =>
  async ({ body }) => {
    const candidates = [...new Set(body.handles.flatMap((text) => parseHandle(text) ?? []))]
    const taken = await takenHandles(db, candidates)
    return { outcome: 'found', body: candidates.filter((handle) => !taken.has(handle)).slice(0, body.return ?? 1) }
  }
