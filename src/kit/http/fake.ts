/** A part played by a test: the contract's own decoding around a few handlers, and a record of what was asked. */
import type { EndpointShape, Handler } from '../endpoint.ts'
import { Refusal } from '../errors.ts'
import { nullLog } from '../log.ts'
import { inMemory } from './memory.ts'
import { bind } from './router.ts'
import type { Transport } from './wire.ts'

type Contract = Readonly<Record<string, EndpointShape & { readonly summary: string }>>

export interface Fake extends Transport {
  /** Names and inputs of the calls so far, oldest first. */
  readonly calls: { readonly name: string; readonly input: unknown }[]
}

/** Endpoints without a handler answer 501. */
export const fake = <const C extends Contract>(
  contract: C,
  handlers: { readonly [K in keyof C]?: Handler<C[K], { readonly requestId: string }> },
): Fake => {
  const calls: Fake['calls'] = []
  const all = Object.fromEntries(
    Object.keys(contract).map((name) => [
      name,
      async (input: unknown, context: { readonly requestId: string }) => {
        calls.push({ name, input })
        const handler = handlers[name] as ((input: unknown, context: unknown) => Promise<never>) | undefined
        if (!handler) throw new Refusal(501, 'not-played', { detail: `the test does not play ${name}` })
        return handler(input, context)
      },
    ]),
  ) as unknown as { readonly [K in keyof C]: Handler<C[K], { readonly requestId: string }> }
  const context = ({ headers }: { readonly headers: Readonly<Record<string, string>> }) => ({
    requestId: headers['request-id'] ?? 'N/A',
  })
  return { calls, ...inMemory(bind(contract, all, { context, log: nullLog })) }
}
