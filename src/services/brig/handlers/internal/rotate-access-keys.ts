import { KEYS_MAX } from '../../limits.ts'
import type { RotatingKeys } from '../../rotating-keys.ts'
import type { InternalHandler } from '../handler.ts'

export const rotateAccessKeys =
  ({ keys }: { readonly keys: RotatingKeys }): InternalHandler<'rotate-access-keys'> =>
  async () =>
    keys.publicKeys.length >= KEYS_MAX
      ? { outcome: 'too-many' }
      : { outcome: 'rotated', body: { index: await keys.rotate() } }
