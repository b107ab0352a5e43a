/** Whether the other end of an HTTP/2 session is still there (RFC 9113 §6.7). */
import { setImmediate as turn } from 'node:timers/promises'
import { withDeadline } from '#src/kit/deadline.ts'
import type { ClientConnection } from '#src/kit/http2/client.ts'
import { PING_TIMEOUT_MS } from '../limits.ts'

export const answersPing = async (connection: ClientConnection): Promise<boolean> => {
  if (connection.isClosed) return false
  let isAnswered = false
  const answered = new Promise<void>((resolve) => {
    connection.ping(() => {
      isAnswered = true
      resolve()
    })
  })
  await withDeadline(answered, PING_TIMEOUT_MS, 'a ping').catch(async () => {
    // Were it our process that stood still, the answer is there and only not read yet.
    await turn()
    await turn()
  })
  return isAnswered
}
