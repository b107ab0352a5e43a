/** HTTP/2 by the byte, for callers who do what no library would let them do. */
import type { Socket } from 'node:net'
import type { Credential } from '#src/world/authority.ts'
import { shakeHands, tlsOptions } from './knock.ts'
import type { Net, TestBackend } from './net.ts'

export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
}
export const FLAG = { none: 0, endStream: 1, ack: 1, endHeaders: 4 }

export const frame = (type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** RFC 7541 §5.1, with the given bits before it. */
const integer = (value: number, prefixBits: number, before: number): Buffer => {
  const max = 2 ** prefixBits - 1
  if (value < max) return Buffer.from([before | value])
  const bytes = [before | max]
  let left = value - max
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 128)
  return Buffer.from([...bytes, left])
}

const text = (value: string): Buffer => Buffer.concat([integer(Buffer.byteLength(value), 7, 0), Buffer.from(value)])

/** A header field that the table does not remember (§6.2.2), whatever its name and value. */
export const field = (name: string, value: string): Buffer => Buffer.concat([Buffer.from([0]), text(name), text(value)])

/** A header field that the table remembers, as number 62 (§6.2.1). */
export const rememberedField = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0x40]), text(name), text(value)])
export const indexedField = (index: number): Buffer => integer(index, 7, 0x80)

export const fieldsOf = (headers: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat(Object.entries(headers).map(([name, value]) => field(name, value)))

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export interface RawConnection extends Disposable {
  readonly socket: Socket
  readonly isClosed: boolean
  /** What the other end has sent. */
  received(): Buffer
  /** Writes at the pace of the other end; what nobody takes any more is given up. */
  send(...bytes: readonly Uint8Array[]): Promise<void>
}

export const rawOver = (socket: Socket): RawConnection => {
  const received: Buffer[] = []
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => received.push(chunk))
  return {
    socket,
    get isClosed() {
      return socket.destroyed || socket.readableEnded
    },
    received: () => Buffer.concat(received),
    send: async (...bytes) => {
      if (socket.destroyed || socket.write(Buffer.concat(bytes))) return
      await drainedOrClosed(socket)
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

/**
 * The other end is free to hang up at any moment, and a write then fails (ECONNRESET, EPIPE): that is one of the ways in
 * which a connection ends. So the error is not looked at, as `once` of node:events would; what follows it is the close.
 */
const drainedOrClosed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })

/** A connection on which the client has said hello and no more. */
export const rawHttp2 = async (net: Net, backend: TestBackend, credential: Credential): Promise<RawConnection> => {
  const raw = rawOver(await shakeHands(tlsOptions(net, backend, { credential })))
  await raw.send(PREFACE, frame(FRAME.settings, FLAG.none, 0))
  return raw
}

export const rawHttp1 = async (net: Net, backend: TestBackend, credential: Credential): Promise<RawConnection> =>
  rawOver(await shakeHands(tlsOptions(net, backend, { credential, tls: { ALPNProtocols: ['http/1.1'] } })))
