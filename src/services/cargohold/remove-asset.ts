/** Taking an asset away: first nobody can have it, then its bytes go, then what we know of it. */
import type { ByteStore } from './bytes/byte-store.ts'
import type { AssetId } from './retention.ts'
import type { CargoholdStore } from './store.ts'

interface Needs {
  readonly store: CargoholdStore
  readonly bytes: ByteStore
}

/** Interrupted anywhere, it is finished by the sweeper. */
export const removeAsset = async (id: AssetId, { store, bytes }: Needs): Promise<void> => {
  await store.leave(id)
  await bytes.remove(id)
  await store.forget([id])
}
