/** What a story is told with: a running network of backends, and people on them who are new in every story. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Shape, TestNetwork } from '#src/world/test-network.ts'
import { watchAnswers } from '#test/answers/watch.ts'

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
    const answers = watchAnswers()
    let started: TestNetwork | undefined
    const network = (): TestNetwork => {
      if (!started) throw new Error('the network did not start')
      return started
    }
    before(async () => {
      started = await TestNetwork.start(DOMAINS, await shape(), { known: [PLAYED], strangers: [STRANGER] })
    })
    after(async () => {
      answers[Symbol.dispose]()
      await started?.[Symbol.asyncDispose]()
    })
    const telling: Telling = { network, people: (...addresses) => network().people(...addresses) }
    for (const story of stories) story(telling)

    test('every answer that an app got was as documented, but for what is known to differ', () => {
      // One that is new is to be put right; if it is the reference that is wrong, it is listed with the reason.
      assert.deepEqual(answers.unknown(), [], 'see test/answers/known-differences.json')
    })

    test('what is known to differ from the documents still does', { skip: whyNotAll(answers.hasReference) }, () => {
      assert.deepEqual(answers.gone(), [], 'to be taken off test/answers/known-differences.json, which only shrinks')
    })
  })
}

/** Only who has told all stories, with all documents at hand, can say that something no longer occurs. */
const whyNotAll = (hasReference: boolean): string | false => {
  if (!hasReference) return 'the reference (../shared/wire-data/openapi) is not beside this repository'
  return process.execArgv.some((argument) => argument.startsWith('--test-name-pattern')) && 'only some stories are told'
}
