import type { TokenKeys } from '../../token-keys.ts'
import type { InternalHandler } from '../handler.ts'

export const getAccessKeys =
  ({ keys }: { readonly keys: TokenKeys }): InternalHandler<'get-access-keys'> =>
  async () => ({ outcome: 'found', body: { keys: [...keys.publicKeys] } })
