/**
 * Native pushes by a gateway of the operator: one request with JSON for many devices. The form is our own and is
 * described in docs/decisions/native-push.md; there is no standard that covers several providers.
 */
import { z } from 'zod'
import { PUSH_GATEWAY_ANSWER_BYTES_MAX, PUSH_GATEWAY_TIMEOUT_MS, WAKES_PER_REQUEST_MAX } from './limits.ts'
import type { NativePush, Wake } from './native-push.ts'

export interface PushGatewayOptions {
  readonly url: string
  /** Shown to the gateway, if it asks for one. */
  readonly secret: string | undefined
}

const TOKEN_CHARACTERS_MAX = 8_192

const Answer = z.object({
  gone: z
    .array(z.string().max(TOKEN_CHARACTERS_MAX))
    .max(WAKES_PER_REQUEST_MAX)
    .default([])
    .describe('Tokens that are good no longer.'),
})

export const pushGateway = ({ url, secret }: PushGatewayOptions): NativePush => ({
  wake: async (wakes, stopping) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
      },
      body: JSON.stringify({ notifications: wakes.map(render) }),
      redirect: 'error',
      signal: AbortSignal.any([stopping, AbortSignal.timeout(PUSH_GATEWAY_TIMEOUT_MS)]),
    })
    const text = await readBounded(response)
    if (!response.ok) throw new Error(`the gateway for native pushes answered ${response.status}`)
    const { gone } = Answer.parse(text === '' ? {} : JSON.parse(text))
    const isGone = new Set(gone)
    return wakes.filter(({ token }) => isGone.has(token))
  },
})

/** The notice is what apps of the protocol expect to find: which notification there is to fetch, and whose. */
const render = ({ transport, app, token, client, user, notification, priority }: Wake): object => ({
  transport,
  app,
  token,
  client,
  user,
  priority,
  data: { type: 'notice', user, data: { id: notification } },
})

const readBounded = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > PUSH_GATEWAY_ANSWER_BYTES_MAX) throw new Error('the gateway for native pushes answers too much')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
