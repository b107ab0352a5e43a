/** Our engine on one end of a TCP connection, and whoever a test wants on the other. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { systemClock } from '#src/kit/clock.ts'
import { ClientConnection, type ClientOptions } from '#src/kit/http2/client.ts'
import type { ConnectionOptions } from '#src/kit/http2/options.ts'
import { type Asked, ServerConnection, type ServerOptions } from '#src/kit/http2/server.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { until } from '#test/federation/fake-peer.ts'
import { FLAG, FRAME, frame } from '#test/federation/raw-http2.ts'

const COMMON: ConnectionOptions = {
  clock: systemClock,
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 1024 * 1024,
  frameBytesMax: 64 * 1024,
  streamsMax: 10,
  headers: { charactersMax: 32 * 1024, pairsMax: 100 },
  headerBlockBytesMax: 64 * 1024,
  wholeBytesMax: 64 * 1024,
  idleFrames: { burst: 100, perSecond: 10 },
  resets: { burst: 20, perSecond: 1 },
  fields: { unique: new Set(['x-unique']), secret: new Set(['x-secret']) },
  halfWayMs: 15_000,
  stalledMs: 60_000,
}

export const serverOptions = (more: Partial<ServerOptions> = {}): ServerOptions => ({
  ...COMMON,
  idleMs: 60_000,
  streamIdleMs: 60_000,
  ...more,
})

export const clientOptions = (more: Partial<ClientOptions> = {}): ClientOptions => ({
  ...COMMON,
  answerMs: 60_000,
  bodyIdleMs: 60_000,
  ...more,
})

const listen = async (onSocket: (socket: Socket) => void): Promise<Server> => {
  const server = createServer(onSocket).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const portOf = (server: Server): number => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export interface OwnServer extends AsyncDisposable {
  readonly port: number
  readonly connections: readonly ServerConnection[]
  /** Why each connection ended. */
  readonly ends: readonly (Error | undefined)[]
}

export const startOwnServer = async (
  serve: (asked: Asked) => Promise<void> | void,
  options: ServerOptions = serverOptions(),
): Promise<OwnServer> => {
  const connections: ServerConnection[] = []
  const ends: (Error | undefined)[] = []
  const server = await listen((socket) => {
    const onRequest = async (asked: Asked): Promise<void> => serve(asked)
    connections.push(new ServerConnection(socket, options, { onRequest, onClosed: (error) => ends.push(error) }))
  })
  return {
    port: portOf(server),
    connections,
    ends,
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Our client, and the bare socket of the server that it talks to. */
export const startOwnClient = async (options: ClientOptions = clientOptions()) => {
  const accepted = Promise.withResolvers<Socket>()
  const server = await listen((socket) => accepted.resolve(socket))
  const socket = connect(portOf(server), '127.0.0.1')
  const closed = Promise.withResolvers<Error | undefined>()
  let goodbyes = 0
  let settings = 0
  const client = new ClientConnection(socket, options, {
    onClosed: closed.resolve,
    onSilence: () => {},
    onGoaway: () => (goodbyes += 1),
    onSettings: () => (settings += 1),
  })
  const peer = new RawEnd(await accepted.promise)
  return {
    client,
    peer,
    closed: closed.promise,
    goodbyes: () => goodbyes,
    settings: () => settings,
    [Symbol.asyncDispose]: async () => {
      client.destroy()
      peer.socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

export interface SeenFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

const HEAD_BYTES = 9

/** An end of a connection on which everything is done by hand. */
export class RawEnd {
  readonly socket: Socket
  isClosed = false
  #bytes: Buffer = Buffer.alloc(0)
  readonly #skip: number

  constructor(socket: Socket, skip = 24) {
    this.socket = socket
    this.#skip = skip
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => (this.#bytes = Buffer.concat([this.#bytes, chunk])))
    socket.on('end', () => (this.isClosed = true))
    socket.on('close', () => (this.isClosed = true))
  }

  send(...frames: readonly Uint8Array[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames))
  }

  /** All whole frames so far. */
  frames(): readonly SeenFrame[] {
    const seen: SeenFrame[] = []
    const bytes = this.#bytes.subarray(this.#skip)
    for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
      const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3)
      if (end > bytes.length) break
      const stream = bytes.readUInt32BE(at + 5)
      seen.push({
        type: bytes[at + 3] ?? 0,
        flags: bytes[at + 4] ?? 0,
        stream,
        payload: bytes.subarray(at + HEAD_BYTES, end),
      })
      at = end
    }
    return seen
  }

  of(type: number): readonly SeenFrame[] {
    return this.frames().filter((seen) => seen.type === type)
  }

  /** The first frame of a type on a stream, once it is there. */
  async sees(type: number, stream: number, count = 1): Promise<SeenFrame> {
    const find = () => this.of(type).filter((seen) => seen.stream === stream && !isAck(seen))[count - 1]
    await until(() => find() !== undefined, `frame ${type} comes on stream ${stream}`)
    const found = find()
    if (!found) throw new Error('it was there')
    return found
  }

  async isAnsweredPing(): Promise<void> {
    const before = this.of(FRAME.ping).length
    this.send(frame(FRAME.ping, FLAG.none, 0, Buffer.from('12345678')))
    await until(() => this.of(FRAME.ping).length > before, 'the ping is answered')
  }

  /** The code of GOAWAY, if one came before the end. */
  async code(): Promise<number | undefined> {
    await until(() => this.isClosed, 'the connection ends')
    return this.of(FRAME.goaway).at(-1)?.payload.readUInt32BE(4)
  }
}

const isAck = ({ type, flags }: SeenFrame): boolean =>
  (type === FRAME.settings || type === FRAME.ping) && (flags & FLAG.ack) !== 0

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** A client that has said hello. */
export const rawClient = async (port: number, settings: Uint8Array = Buffer.alloc(0)): Promise<RawEnd> => {
  const socket = connect(port, '127.0.0.1')
  await withDeadline(once(socket, 'connect'), 60_000, 'connecting')
  const end = new RawEnd(socket, 0)
  end.send(PREFACE, frame(FRAME.settings, FLAG.none, 0, settings), frame(FRAME.settings, FLAG.ack, 0))
  return end
}

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export const setting = (id: number, value: number): Buffer => Buffer.concat([Buffer.from([0, id]), u32(value)])
