/**
 * What both ends of a connection have in common (RFC 9113): frames in and out, windows, and the end of it all. What a
 * message is, and who begins one, is in `server.ts` and `client.ts`.
 *
 * Everything that a peer can make grow or repeat is bounded here: what waits for it (then nothing more is read of it),
 * frames that say nothing and resets (each out of a budget), a block of fields, windows. A rule that is broken ends the
 * connection even where the standard would be content with a stream (§5.4.1 allows it): resets that one can be
 * provoked to send are work for nothing.
 */
import type { Socket } from 'node:net'
import { Conduct, neverOpened } from './conduct.ts'
import { DataFrames } from './data-frames.ts'
import { ConnectionFault, EngineFault, StreamBroken } from './errors.ts'
import { checkForm } from './frame-form.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import { HeaderBlock, type Block } from './header-block.ts'
import { HeaderDecoder, type FieldSection } from './hpack/decoder.ts'
import { Lifetime } from './lifetime.ts'
import type { ConnectionEvents, ConnectionOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { Pings } from './pings.ts'
import { Planned } from './planned.ts'
import { CODE, DEFAULT_WINDOW_BYTES, FLAG, FRAME, PREFACE, STREAM_ID_LIMIT } from './protocol.ts'
import { ReceiveWindow } from './receive-window.ts'
import { Sender } from './sender.ts'
import { ownSettings, readSettings } from './settings.ts'
import type { Http2Stream, StreamHost } from './stream.ts'

/** What may wait for the other end before nothing more is read of it: answers to its frames, above all. */
const BACKLOG_BYTES_MAX = 256 * 1024

export abstract class Connection<Head> implements FrameSink, StreamHost {
  readonly socket: Socket
  readonly wholeBytesMax: number
  protected readonly options: ConnectionOptions
  protected readonly streams = new Map<number, Http2Stream<Head>>()
  protected readonly reader: FrameReader
  protected readonly sender: Sender
  protected readonly conduct: Conduct
  protected readonly lifetime: Lifetime
  /** No new streams; the connection ends with the last that is open. */
  protected isClosing = false
  readonly #events: ConnectionEvents
  readonly #outbox: Outbox
  readonly #decoder: HeaderDecoder
  readonly #block: HeaderBlock
  readonly #pings = new Pings()
  #hasSettings = false
  readonly #window: ReceiveWindow
  readonly #data: DataFrames<Head>
  /** Those of which something has come that was not passed on yet. */
  readonly #gathering = new Set<Http2Stream<unknown>>()
  readonly #turn = new Planned(setImmediate, () => this.#turnOver())
  readonly #flush = new Planned(process.nextTick, () => this.#isOver || this.sender.pump())
  #isOver = false
  #error: Error | undefined

  constructor(socket: Socket, options: ConnectionOptions, events: ConnectionEvents & { readonly isServer: boolean }) {
    this.socket = socket
    this.options = options
    this.wholeBytesMax = options.wholeBytesMax
    this.#events = events
    this.reader = new FrameReader(this, { expectsPreface: events.isServer })
    this.#outbox = new Outbox(socket, () => this.#turnOver())
    this.sender = new Sender(this.#outbox, options.fields, {
      onLocalEnd: (stream) => this.#localEnded(stream.id),
      onSent: (stream) => this.#sent(stream.id),
      // A lone message waits for nobody. While the socket is at work, what becomes ready goes together.
      onFilled: () => (this.#outbox.isWriting ? this.#turn : this.#flush).plan(),
    })
    this.#decoder = new HeaderDecoder(options.headers)
    this.#block = new HeaderBlock(options.headerBlockBytesMax)
    this.conduct = new Conduct(options)
    this.#window = new ReceiveWindow(options.connectionWindowBytes)
    this.#data = new DataFrames({
      frame: this.reader,
      streams: this.streams,
      conduct: this.conduct,
      window: this.#window,
      pace: options.pace,
      credit: (bytes) => this.#credit(bytes),
      unknownStream: (streamId) => this.unknownStream(streamId),
      malformed: (stream, what) => this.malformed(stream, what),
      moved: (stream) => this.streamMoved(stream),
      ended: (stream) => this.endRemote(stream),
    })
    this.lifetime = new Lifetime(options, {
      look: () => ({
        frames: this.reader.count,
        isHalfWay: this.reader.isWithinFrame || this.#block.isOpen,
        progress: this.#outbox.progress,
        isWaitedFor: !this.#outbox.isEmpty,
      }),
      onStopped: (what) => this.fail(new ConnectionFault(CODE.settingsTimeout, what)),
      onStalled: () => this.destroy(new Error('the other end takes nothing any more')),
    })
    this.#greet(events.isServer)
    this.#listen()
  }

  /** Neither closing nor closed. */
  get isOpen(): boolean {
    return !this.isClosing && !this.#isOver
  }

  get isClosed(): boolean {
    return this.#isOver
  }

  /** Calls back when the other end has answered. */
  ping(onAnswer: () => void): void {
    if (!this.#isOver) this.sender.frame(FRAME.ping, FLAG.none, 0, this.#pings.add(onAnswer))
  }

  /** Says goodbye; what is under way may finish. */
  close(): void {
    if (!this.isOpen) return
    this.isClosing = true
    this.goaway(CODE.noError, this.lastStreamId)
    this.#turn.plan()
  }

  /** Ends everything at once; what is under way has broken off. */
  destroy(error?: Error): void {
    this.#end(error)
    this.socket.destroy()
  }

  // ---- What the roles have to say

  /** The last stream of the other end that was looked at. */
  protected abstract get lastStreamId(): number
  protected abstract headersArrived(section: FieldSection, endsStream: boolean): void
  /** Whether a stream with this number has ever been open. */
  protected abstract wasOpened(streamId: number): boolean
  /** One side of a stream is complete, and the other one is not. */
  protected abstract remoteEnded(stream: Http2Stream<Head>): void
  protected abstract localEnded(stream: Http2Stream<Head>): void
  protected abstract streamGone(stream: Http2Stream<Head>): void
  /** Bytes went or came. */
  protected abstract streamMoved(stream: Http2Stream<Head>): void
  protected abstract goawayArrived(lastStreamId: number): void
  abstract bodyGivenUp(stream: Http2Stream<unknown>): void

  // ---- For the roles and the streams

  protected goaway(code: number, lastStreamId: number): void {
    const payload = Buffer.alloc(8)
    payload.writeUInt32BE(lastStreamId)
    payload.writeUInt32BE(code, 4)
    this.sender.frame(FRAME.goaway, FLAG.none, 0, payload)
  }

  /** The message of a stream is complete. */
  protected endRemote(stream: Http2Stream<Head>): void {
    if (!stream.complete()) return this.malformed(stream, 'the body is shorter than was announced')
    if (stream.isClosed) return
    if (stream.isLocalEnded) this.forget(stream, undefined)
    else this.remoteEnded(stream)
  }

  protected forget(stream: Http2Stream<Head>, error: StreamBroken | undefined): void {
    if (!this.streams.delete(stream.id)) return
    stream.close(error)
    this.streamGone(stream)
    if (this.isClosing && this.streams.size === 0) this.#turn.plan()
  }

  /** What comes of its message in this turn is passed on at its end. */
  gathers(stream: Http2Stream<unknown>): void {
    this.#gathering.add(stream)
    this.#turn.plan()
  }

  protected malformed(stream: Http2Stream<Head>, what: string): void {
    this.reset(stream, CODE.protocolError, new StreamBroken(what, { code: CODE.protocolError }))
    this.conduct.countReset()
  }

  /** Tells the other end and forgets; of a stream that was never kept, only its number is known. */
  protected refuse(streamId: number, code: number): void {
    this.conduct.hasReset(streamId)
    this.sender.numberFrame(FRAME.reset, streamId, code)
  }

  reset(stream: Http2Stream<unknown>, code: number, error: StreamBroken): void {
    const own = this.streams.get(stream.id)
    if (!own || this.#isOver) return
    this.refuse(stream.id, code)
    this.forget(own, error)
  }

  sendHead(stream: Http2Stream<unknown>, fields: readonly string[], isEnd: boolean): void {
    this.sender.sendHead(stream, fields, isEnd)
  }

  wantsToSend(stream: Http2Stream<unknown>): void {
    this.sender.wantsToSend(stream)
  }

  consumed(stream: Http2Stream<unknown>, bytes: number): void {
    this.#credit(bytes)
    if (stream.isRemoteEnded || stream.isClosed || this.#isOver) return
    const told = stream.receiveWindow.credit(bytes)
    if (told > 0) this.sender.numberFrame(FRAME.windowUpdate, stream.id, told)
  }

  /** Says why, and ends everything. */
  protected fail(error: unknown): void {
    if (this.#isOver) return
    const code = error instanceof ConnectionFault ? error.code : CODE.internalError
    this.#outbox.drop()
    this.goaway(code, this.lastStreamId)
    this.#end(error instanceof ConnectionFault ? error : new EngineFault(error))
    this.#outbox.close()
    this.lifetime.linger(() => this.socket.destroy())
  }

  // ---- What comes

  onFrameBegins(): void {
    const { type, streamId, length } = this.reader
    if (length > this.options.frameBytesMax) throw new ConnectionFault(CODE.frameSizeError, 'a frame is too large')
    if (this.#block.isOpen && (type !== FRAME.continuation || streamId !== this.#block.streamId)) {
      throw new ConnectionFault(CODE.protocolError, 'a block of fields is interrupted')
    }
    if (!this.#hasSettings && type !== FRAME.settings) {
      throw new ConnectionFault(CODE.protocolError, 'something comes before the settings')
    }
    if (type === FRAME.data) this.#data.begin()
    else checkForm(this.reader)
  }

  onData(piece: Buffer): void {
    this.#data.piece(piece)
  }

  onDataEnds(): void {
    this.#data.end()
  }

  onFrame(payload: Buffer, start: number, end: number): void {
    switch (this.reader.type) {
      case FRAME.data:
        return this.#data.padded(payload, start, end)
      case FRAME.headers:
        return this.#blockArrived(this.#block.begin(this.reader, payload, [start, end]))
      case FRAME.continuation:
        this.conduct.waste()
        return this.#blockArrived(this.#block.goOn(this.reader.flags, payload, [start, end]))
      case FRAME.reset:
        return this.#resetArrived(payload.readUInt32BE(start))
      case FRAME.settings:
        return this.#settingsArrived(payload, start, end)
      case FRAME.ping:
        return this.#pingArrived(payload, start, end)
      case FRAME.goaway:
        this.goawayArrived(payload.readUInt32BE(start) & STREAM_ID_LIMIT)
        this.#turn.plan()
        return this.#events.onGoaway?.()
      case FRAME.windowUpdate:
        return this.#windowArrived(payload.readUInt32BE(start) & STREAM_ID_LIMIT)
      default:
        // Priorities nobody has to heed (§5.3.2), and what nobody knows is passed over (§5.5).
        this.conduct.waste()
    }
  }

  protected unknownStream(streamId: number): void {
    this.conduct.late(streamId, this.wasOpened(streamId))
  }

  #blockArrived(block: Block | undefined): void {
    if (!block) return
    this.headersArrived(this.#decoder.decode(block.bytes, block.start, block.end), block.endsStream)
  }

  #resetArrived(code: number): void {
    const { streamId } = this.reader
    const stream = this.streams.get(streamId)
    if (stream) {
      const isUnprocessed = code === CODE.refusedStream
      this.forget(stream, new StreamBroken('the other end broke it off', { code, isUnprocessed }))
      return this.conduct.countReset()
    }
    if (!this.wasOpened(streamId)) throw neverOpened()
    this.conduct.waste()
  }

  #settingsArrived(payload: Buffer, start: number, end: number): void {
    if ((this.reader.flags & FLAG.ack) !== 0) return this.lifetime.settingsTaken()
    if (this.#hasSettings) this.conduct.waste()
    this.#hasSettings = true
    const { peer } = this.sender
    const windowBefore = peer.initialWindowSize
    readSettings(peer, payload, [start, end])
    this.sender.adopt(this.streams.values(), windowBefore)
    this.sender.frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0))
    this.#events.onSettings?.()
  }

  #pingArrived(payload: Buffer, start: number, end: number): void {
    if ((this.reader.flags & FLAG.ack) === 0) {
      this.conduct.waste()
      return this.sender.frame(FRAME.ping, FLAG.ack, 0, payload.subarray(start, end))
    }
    if (!this.#pings.answered(payload, start)) this.conduct.waste()
  }

  #windowArrived(bytes: number): void {
    const { streamId } = this.reader
    this.conduct.waste()
    if (bytes === 0) throw new ConnectionFault(CODE.protocolError, 'a window that opens by nothing')
    if (streamId === 0) return this.sender.openWindow(undefined, bytes)
    const stream = this.streams.get(streamId)
    if (stream) this.sender.openWindow(stream, bytes)
    else if (!this.wasOpened(streamId)) throw neverOpened()
  }

  #greet(isServer: boolean): void {
    if (!isServer) this.#outbox.append(PREFACE, 0, PREFACE.length)
    this.sender.frame(FRAME.settings, FLAG.none, 0, ownSettings(this.options, isServer))
    this.sender.numberFrame(FRAME.windowUpdate, 0, this.options.connectionWindowBytes - DEFAULT_WINDOW_BYTES)
  }

  #listen(): void {
    const { socket } = this
    socket.setNoDelay(true)
    socket.on('error', (error) => (this.#error ??= error))
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.once('end', () => this.destroy())
    socket.once('close', () => this.#gone())
    // It may have closed before anybody listened.
    if (socket.closed) setImmediate(() => this.#gone())
  }

  #gone(): void {
    this.#end(this.#error)
    this.lifetime[Symbol.dispose]()
    this.#events.onClosed(this.#error)
  }

  #read(chunk: Buffer): void {
    if (this.#isOver) return
    try {
      this.reader.read(chunk)
    } catch (error) {
      this.fail(error)
    }
    if (this.#outbox.backlog > BACKLOG_BYTES_MAX) this.socket.pause()
  }

  #credit(bytes: number): void {
    const told = this.#window.credit(bytes)
    if (told > 0 && !this.#isOver) this.sender.numberFrame(FRAME.windowUpdate, 0, told)
  }

  #localEnded(streamId: number): void {
    const stream = this.streams.get(streamId)
    if (!stream) return
    if (stream.isRemoteEnded) this.forget(stream, undefined)
    else this.localEnded(stream)
  }

  #sent(streamId: number): void {
    this.conduct.useful()
    const stream = this.streams.get(streamId)
    if (stream) this.streamMoved(stream)
  }

  #turnOver(): void {
    if (this.#isOver) return
    for (const stream of this.#gathering) {
      this.#gathering.delete(stream)
      stream.turnOver(this.options.pace)
    }
    this.sender.pump()
    if (this.socket.isPaused() && this.#outbox.backlog <= BACKLOG_BYTES_MAX) this.socket.resume()
    if (!this.isClosing || this.streams.size > 0) return
    this.#outbox.close()
    if (this.#outbox.isEmpty) this.lifetime.linger(() => this.socket.destroy())
  }

  /** Whatever is open has broken off. */
  #end(error: Error | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#error ??= error
    this.#pings.clear()
    for (const stream of this.streams.values()) {
      this.forget(stream, new StreamBroken('the connection was lost', { cause: error }))
    }
  }
}
