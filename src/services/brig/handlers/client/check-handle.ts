import { parseHandle } from '../../handle-rules.ts'
import { takenHandles } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const checkHandle =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'check-handle'> =>
  async ({ params }) => {
    const handle = parseHandle(params.handle)
    if (handle === undefined) return { outcome: 'invalid-handle' }
    const taken = await takenHandles(db, [handle])
    return { outcome: taken.has(handle) ? 'taken' : 'free' }
  }
