/** What a story is told with: a running network of backends, and people on them who are new in every story. */
import { after, before, suite } from 'node:test'
import { type Shape, TestNetwork } from '#src/world/test-network.ts'

export interface Telling {
  network(): TestNetwork
  /** `alice@alpha.test` becomes `cast.alice`, with an account, a device and an open socket of her own. */
  readonly people: TestNetwork['people']
}

export const DOMAINS = ['alpha.test', 'beta.test', 'gamma.test'] as const

/** Whom a story plays itself (`played-peer.ts`): the backends federate with the one, and do not with the other. */
export const PLAYED = 'delta.test'
export const STRANGER = 'echo.test'

/** One network for all of them, because starting it takes longer than any story. */
export const tell = (
  { name, tags }: { readonly name: string; readonly tags: string[] },
  shape: () => Promise<Shape>,
  ...stories: readonly ((telling: Telling) => void)[]
): void => {
  void suite(name, { concurrency: false, tags }, () => {
    let started: TestNetwork | undefined
    const network = (): TestNetwork => {
      if (!started) throw new Error('the network did not start')
      return started
    }
    before(async () => {
      started = await TestNetwork.start(DOMAINS, await shape(), { known: [PLAYED], strangers: [STRANGER] })
    })
    after(async () => {
      await started?.[Symbol.asyncDispose]()
    })
    const telling: Telling = { network, people: (...addresses) => network().people(...addresses) }
    for (const story of stories) story(telling)
  })
}
