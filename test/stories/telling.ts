/** What a story is told with: a running network of backends, and people on them who are new in every story. */
import type { Person } from '#src/world/person.ts'
import type { TestNetwork } from '#src/world/test-network.ts'

export type Cast = AsyncDisposable & Readonly<Record<string, Person>>

export interface Telling {
  network(): TestNetwork
  /** `alice@alpha.test` becomes `cast.alice`, with an account, a device and an open socket of her own. */
  people<const Address extends string>(
    ...addresses: readonly Address[]
  ): Promise<AsyncDisposable & Readonly<Record<NameOf<Address>, Person>>>
}

type NameOf<Address extends string> = Address extends `${infer Name}@${string}` ? Name : never
