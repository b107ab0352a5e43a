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
import { Budget } from './budget.ts'
import { ConnectionFault, StreamBroken } from './errors.ts'
import { checkForm } from './frame-form.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import { HeaderBlock, type Block } from './header-block.ts'
import { HeaderDecoder, type FieldSection } from './hpack/decoder.ts'
import { Lifetime } from './lifetime.ts'
import type { ConnectionOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { Pings } from './pings.ts'
import { CODE, DEFAULT_WINDOW_BYTES, FLAG, FRAME, PREFACE, STREAM_ID_LIMIT } from './protocol.ts'
import { ReceiveWindow } from './receive-window.ts'
import { ResetMemory } from './reset-memory.ts'
import { Sender } from './sender.ts'
import { readSettings, writeSettings } from './settings.ts'
import type { Http2Stream, StreamHost } from './stream.ts'

export interface ConnectionEvents {
  /** The other end's SETTINGS have come, for the first time or anew. */
  readonly onSettings?: () => void
  /** The other end says goodbye: it answers what it has begun, and nothing new. */
  readonly onGoaway?: () => void
  /** Once, and the last: with what was wrong, if something was. */
  readonly onClosed: (error: Error | undefined) => void
}

/** What may wait for the other end before nothing more is read of it: answers to its frames, above all. */
const BACKLOG_BYTES_MAX = 256 * 1024

export abstract class Connection<Head> implements FrameSink, StreamHost {
  readonly socket: Socket
  readonly wholeBytesMax: number
  protected readonly options: ConnectionOptions
  protected readonly streams = new Map<number, Http2Stream<Head>>()
  protected readonly reader: FrameReader
  protected readonly sender: Sender
  protected readonly resetByUs = new ResetMemory()
  protected readonly lifetime: Lifetime
  /** No new streams; the connection ends with the last that is open. */
  protected isClosing = false
  readonly #events: ConnectionEvents
  readonly #outbox: Outbox
  readonly #decoder: HeaderDecoder
  readonly #block: HeaderBlock
  readonly #idleFrames: Budget
  readonly #resets: Budget
  readonly #pings = new Pings()
  #hasSettings = false
  readonly #window: ReceiveWindow
  #dataStream: Http2Stream<Head> | undefined
  #undecided: Http2Stream<Head>[] = []
  #isTurnPlanned = false
  #isOver = false
  #isGone = false
  #error: Error | undefined

  constructor(socket: Socket, options: ConnectionOptions, events: ConnectionEvents & { readonly isServer: boolean }) {
    this.socket = socket
    this.options = options
    this.wholeBytesMax = options.wholeBytesMax
    this.#events = events
    this.reader = new FrameReader(this, { expectsPreface: events.isServer })
    this.#outbox = new Outbox(socket, () => this.#turn())
    this.sender = new Sender(this.#outbox, options.fields, {
      onLocalEnd: (stream) => this.#localEnded(stream.id),
      onSent: (stream) => this.#sent(stream.id),
      onFilled: () => this.#planTurn(),
    })
    this.#decoder = new HeaderDecoder(options.headers)
    this.#block = new HeaderBlock(options.headerBlockBytesMax)
    this.#idleFrames = new Budget(options.idleFrames, options.clock)
    this.#resets = new Budget(options.resets, options.clock)
    this.#window = new ReceiveWindow(options.connectionWindowBytes)
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
    this.#planTurn()
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
    if (this.isClosing && this.streams.size === 0) this.#planTurn()
  }

  /** The rest of its message comes in this turn, or it is handed over as a stream. */
  protected undecided(stream: Http2Stream<Head>): void {
    this.#undecided.push(stream)
    this.#planTurn()
  }

  protected malformed(stream: Http2Stream<Head>, what: string): void {
    this.reset(stream, CODE.protocolError, new StreamBroken(what, { code: CODE.protocolError }))
    this.countReset()
  }

  /** For a frame that does no good. */
  protected waste(): void {
    if (!this.#idleFrames.spend()) throw new ConnectionFault(CODE.enhanceYourCalm, 'too many frames that say nothing')
  }

  protected countReset(): void {
    if (!this.#resets.spend()) throw new ConnectionFault(CODE.enhanceYourCalm, 'too many exchanges are broken off')
  }

  /** Tells the other end and forgets; of a stream that was never kept, only its number is known. */
  protected refuse(streamId: number, code: number): void {
    this.resetByUs.add(streamId)
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
    stream.unreported += bytes
    if (stream.unreported * 2 < this.options.streamWindowBytes) return
    this.sender.numberFrame(FRAME.windowUpdate, stream.id, stream.unreported)
    stream.receiveWindow += stream.unreported
    stream.unreported = 0
  }

  /** Says why, and ends everything. */
  protected fail(error: unknown): void {
    if (this.#isOver) return
    const code = error instanceof ConnectionFault ? error.code : CODE.internalError
    this.#outbox.drop()
    this.goaway(code, this.lastStreamId)
    this.#end(error instanceof Error ? error : new Error('reading failed', { cause: error }))
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
    if (type === FRAME.data) this.#dataBegins()
    else checkForm(this.reader)
  }

  onData(piece: Buffer): void {
    const stream = this.#dataStream
    if (!stream || stream.isClosed) return this.#credit(piece.length)
    stream.take(piece, this.options.pace)
  }

  onDataEnds(): void {
    const stream = this.#dataStream
    this.#dataStream = undefined
    if (stream && !stream.isClosed && (this.reader.flags & FLAG.endStream) !== 0) this.endRemote(stream)
  }

  onFrame(payload: Buffer, start: number, end: number): void {
    switch (this.reader.type) {
      case FRAME.data:
        return this.#paddedData(payload, start, end)
      case FRAME.headers:
        return this.#blockArrived(this.#block.begin(this.reader, payload, [start, end]))
      case FRAME.continuation:
        this.waste()
        return this.#blockArrived(this.#block.goOn(this.reader.flags, payload, [start, end]))
      case FRAME.reset:
        return this.#resetArrived(payload.readUInt32BE(start))
      case FRAME.settings:
        return this.#settingsArrived(payload, start, end)
      case FRAME.ping:
        return this.#pingArrived(payload, start, end)
      case FRAME.goaway:
        this.goawayArrived(payload.readUInt32BE(start) & STREAM_ID_LIMIT)
        this.#planTurn()
        return this.#events.onGoaway?.()
      case FRAME.windowUpdate:
        return this.#windowArrived(payload.readUInt32BE(start) & STREAM_ID_LIMIT)
      default:
        // Priorities nobody has to heed (§5.3.2), and what nobody knows is passed over (§5.5).
        this.waste()
    }
  }

  #dataBegins(): void {
    const { streamId, length, flags } = this.reader
    if (!this.#window.take(length))
      throw new ConnectionFault(CODE.flowControlError, 'more than the window lets through')
    const stream = this.streams.get(streamId)
    this.#dataStream = stream
    if (!stream) return this.unknownStream(streamId)
    if (stream.isRemoteEnded) throw new ConnectionFault(CODE.streamClosed, 'data after the end of a message')
    stream.receiveWindow -= length
    if (stream.receiveWindow < 0) throw new ConnectionFault(CODE.flowControlError, 'more than a window lets through')
    if (length === 0 && (flags & FLAG.endStream) === 0) this.waste()
    if (stream.head === undefined) return this.malformed(stream, 'a body without a head')
    if ((flags & FLAG.padded) === 0) this.#expect(stream, length)
    this.streamMoved(stream)
  }

  #expect(stream: Http2Stream<Head>, bytes: number): void {
    if (!stream.expects(bytes)) this.malformed(stream, 'the body is longer than was announced')
  }

  #paddedData(payload: Buffer, start: number, end: number): void {
    const padding = payload[start] ?? 0
    if (start + 1 + padding > end) throw new ConnectionFault(CODE.protocolError, 'more padding than frame')
    const stream = this.#dataStream
    const last = end - padding
    if (stream && !stream.isClosed) {
      this.#expect(stream, last - start - 1)
      this.consumed(stream, padding + 1)
      if (last === start + 1) this.waste()
    } else {
      this.#credit(padding + 1)
    }
    // It was put together in a buffer of its own, or lies in a chunk that nobody writes to again.
    if (last > start + 1) this.onData(payload.subarray(start + 1, last))
    this.onDataEnds()
  }

  /** A frame on a stream that is not open: late, or of a stream that never was. */
  protected unknownStream(streamId: number): void {
    if (!this.wasOpened(streamId)) throw new ConnectionFault(CODE.protocolError, 'a stream that was never opened')
    if (!this.resetByUs.has(streamId)) throw new ConnectionFault(CODE.streamClosed, 'a stream that has ended')
    this.waste()
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
      return this.countReset()
    }
    if (!this.wasOpened(streamId)) throw new ConnectionFault(CODE.protocolError, 'a stream that was never opened')
    this.waste()
  }

  #settingsArrived(payload: Buffer, start: number, end: number): void {
    if ((this.reader.flags & FLAG.ack) !== 0) return this.lifetime.settingsTaken()
    if (this.#hasSettings) this.waste()
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
      this.waste()
      return this.sender.frame(FRAME.ping, FLAG.ack, 0, payload.subarray(start, end))
    }
    if (!this.#pings.answered(payload, start)) this.waste()
  }

  #windowArrived(bytes: number): void {
    const { streamId } = this.reader
    this.waste()
    if (bytes === 0) throw new ConnectionFault(CODE.protocolError, 'a window that opens by nothing')
    if (streamId === 0) return this.sender.openWindow(undefined, bytes)
    const stream = this.streams.get(streamId)
    if (stream) this.sender.openWindow(stream, bytes)
    else if (!this.wasOpened(streamId)) throw new ConnectionFault(CODE.protocolError, 'a stream that was never opened')
  }

  // ---- Turns, windows, and the end

  #greet(isServer: boolean): void {
    const { streamsMax, headers, streamWindowBytes, frameBytesMax, connectionWindowBytes } = this.options
    if (!isServer) this.socket.write(PREFACE)
    const settings = writeSettings({
      ...(isServer ? { maxConcurrentStreams: streamsMax } : { enablePush: 0 }),
      initialWindowSize: streamWindowBytes,
      maxFrameSize: frameBytesMax,
      maxHeaderListSize: headers.charactersMax,
    })
    this.sender.frame(FRAME.settings, FLAG.none, 0, settings)
    this.sender.numberFrame(FRAME.windowUpdate, 0, connectionWindowBytes - DEFAULT_WINDOW_BYTES)
  }

  #listen(): void {
    const { socket } = this
    socket.setNoDelay(true)
    socket.on('error', (error) => (this.#error ??= error))
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.once('end', () => this.destroy())
    socket.once('close', () => {
      this.#end(this.#error)
      this.lifetime[Symbol.dispose]()
      if (this.#isGone) return
      this.#isGone = true
      this.#events.onClosed(this.#error)
    })
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
    // Each frame of data may open both windows.
    this.#idleFrames.earn(2)
    const stream = this.streams.get(streamId)
    if (stream) this.streamMoved(stream)
  }

  #planTurn(): void {
    if (this.#isTurnPlanned || this.#isOver) return
    this.#isTurnPlanned = true
    setImmediate(() => {
      this.#isTurnPlanned = false
      this.#turn()
    })
  }

  #turn(): void {
    if (this.#isOver) return
    if (this.#undecided.length > 0) {
      for (const stream of this.#undecided.splice(0)) stream.stream(this.options.pace)
    }
    for (;;) {
      const hasMore = this.sender.fill()
      this.#outbox.flush()
      if (!hasMore || !this.#outbox.takesData) break
    }
    if (this.socket.isPaused() && this.#outbox.backlog <= BACKLOG_BYTES_MAX) this.socket.resume()
    if (!this.isClosing || this.streams.size > 0) return
    this.#outbox.close()
    this.lifetime.linger(() => this.socket.destroy())
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
