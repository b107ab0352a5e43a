import { deleteKeyPackages as remove } from '../../store-key-packages.ts'
import { suiteAskedFor } from '../../suite-parameter.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const deleteKeyPackages =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'delete-key-packages'> =>
  async ({ params: { client }, query, body }, { caller: { user }, apiVersion }) => {
    const suite = suiteAskedFor(query.ciphersuite, apiVersion)
    const refs = body.key_packages.map((ref) => Buffer.from(ref, 'base64'))
    await remove(db, { user, client }, { suite: suite.number, refs })
    return { outcome: 'deleted' }
  }
