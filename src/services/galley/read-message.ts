import { decodeProteusMessage, MalformedProteusMessage } from '#src/rpc/proteus-reader.ts'
import type { ProteusMessage } from '#src/rpc/proteus.ts'

/** What a client of ours sent; undefined when it cannot be read. */
export const readMessage = (body: Uint8Array): ProteusMessage | undefined => {
  try {
    return decodeProteusMessage(body)
  } catch (error) {
    if (error instanceof MalformedProteusMessage) return undefined
    throw error
  }
}
