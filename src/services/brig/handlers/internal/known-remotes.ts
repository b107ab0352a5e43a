import type { KnownRemotes } from '../../known-remotes.ts'
import type { InternalHandler } from '../handler.ts'

export const getKnownRemotes =
  ({ known }: { readonly known: KnownRemotes }): InternalHandler<'known-remotes'> =>
  async () => ({ outcome: 'found', body: await known.all() })
