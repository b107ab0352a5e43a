/** Writing a body that comes in pieces, so that its end can be seen at the other end (RFC 9112 §6 and §7.1). */
import type { Writable } from 'node:stream'

export interface BodyWriter {
  /** The header that says how far the body goes. */
  readonly framing: string
  /** False when it is better to wait for `drain`. */
  write(destination: Writable, chunk: Uint8Array): boolean
  end(destination: Writable): void
}

const LENGTH = /^[0-9]{1,15}$/

/** By length where somebody said how long it will be, in chunks otherwise. */
export const writerOf = (announced: string | readonly string[] | undefined): BodyWriter =>
  typeof announced === 'string' && LENGTH.test(announced) ? lengthWriter(Number(announced)) : CHUNKS

const CHUNKS: BodyWriter = {
  framing: 'transfer-encoding: chunked\r\n',
  write: (destination, chunk) => {
    // An empty chunk would be the last one.
    if (chunk.length === 0) return true
    destination.cork()
    destination.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
    destination.write(chunk)
    const hasRoom = destination.write('\r\n', 'latin1')
    destination.uncork()
    return hasRoom
  },
  end: (destination) => void destination.write('0\r\n\r\n', 'latin1'),
}

const lengthWriter = (length: number): BodyWriter => {
  let left = length
  return {
    framing: `content-length: ${length}\r\n`,
    write: (destination, chunk) => {
      left -= chunk.length
      if (left < 0) throw new Error(`the body is longer than the ${length} bytes that were announced`)
      return destination.write(chunk)
    },
    end: () => {
      if (left > 0) throw new Error(`the body is shorter than the ${length} bytes that were announced`)
    },
  }
}
