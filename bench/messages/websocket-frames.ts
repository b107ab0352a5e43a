/** A websocket as a load generator needs it: opened by hand, and then the frames that come, each looked at once. */
import { randomBytes } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'

/** Of one connection at a time: whoever is called back has looked at it before the next one is read. */
const RECEIVED = Buffer.allocUnsafe(256 * 1024)

interface Opening {
  readonly port: number
  /** Path and query. */
  readonly target: string
  /** Bytes that are overwritten when it returns. */
  readonly onFrame: (payload: Buffer) => void
}

/** Resolves when the server has agreed. */
export const openWebsocket = ({ port, target, onFrame }: Opening): Promise<Socket> =>
  new Promise((resolve, reject) => {
    // A server ends a connection of which it hears nothing.
    const read = frames((payload, opcode) => (opcode === PING ? socket.write(PONG) : onFrame(payload)))
    let isOpen = false
    const opened = (chunk: Buffer): Buffer => {
      const end = chunk.indexOf('\r\n\r\n')
      const head = chunk.toString('latin1', 0, end)
      isOpen = true
      if (end >= 0 && head.startsWith('HTTP/1.1 101 ')) resolve(socket)
      else reject(new Error(`no websocket: ${head}`))
      return chunk.subarray(end + 4)
    }
    const socket = createConnection({
      host: '127.0.0.1',
      port,
      // Without a stream between, which would make a buffer of its own for each piece.
      onread: {
        buffer: RECEIVED,
        callback: (size) => {
          const chunk = RECEIVED.subarray(0, size)
          read(isOpen ? chunk : opened(chunk))
          return true
        },
      },
    })
    socket.setNoDelay(true)
    socket.once('error', reject)
    const head = [
      `GET ${target} HTTP/1.1`,
      'host: bench',
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
  })

const PING = 9
/** RFC 6455 §5.5.3, for pings that carry nothing; what a client sends is masked, here with zeros. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])

/** RFC 6455 §5.2: what a server sends is not masked. A frame may come in pieces, and several in one. */
const frames = (onFrame: (payload: Buffer, opcode: number) => void): ((chunk: Buffer) => void) => {
  let rest: Buffer | undefined
  return (chunk) => {
    const bytes = rest ? Buffer.concat([rest, chunk]) : chunk
    let at = 0
    for (let end = endOfFrame(bytes, at); end <= bytes.length; end = endOfFrame(bytes, at)) {
      onFrame(bytes.subarray(at, end), (bytes[at] ?? 0) & 0x0f)
      at = end
    }
    // A copy: the bytes of the chunk are overwritten by the next one.
    rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined
  }
}

/** Beyond the end of the bytes when it has not come whole. */
const endOfFrame = (bytes: Buffer, at: number): number => {
  if (bytes.length < at + 2) return Number.POSITIVE_INFINITY
  const length = bytes[at + 1] ?? 0
  if (length < 126) return at + 2 + length
  const headBytes = length === 126 ? 4 : 10
  if (bytes.length < at + headBytes) return Number.POSITIVE_INFINITY
  return at + headBytes + (length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2)))
}
