/** The side of a connection that is asked. */
import type { Socket } from 'node:net'
import { Connection } from './connection.ts'
import type { FieldSection } from './hpack/decoder.ts'
import type { IncomingBody } from './incoming-body.ts'
import { type RequestHead, requestHeadOf, areTrailers } from './messages.ts'
import type { ConnectionEvents, ConnectionOptions } from './options.ts'
import { Overdue } from '../overdue.ts'
import { CODE, STREAM_ID_LIMIT } from './protocol.ts'
import { Http2Stream } from './stream.ts'

export interface ServerOptions extends ConnectionOptions {
  /** A connection without requests is closed after this. */
  readonly idleMs: number
  /** A request on which nothing moves in either direction is broken off after this. */
  readonly streamIdleMs: number
}

export interface Asked {
  readonly head: RequestHead
  readonly body: Uint8Array | IncomingBody
  readonly stream: Http2Stream<RequestHead>
  /** The fields of the head were beyond the bounds, and are not there. */
  readonly isTooLarge: boolean
}

export interface ServerEvents extends Pick<ConnectionEvents, 'onClosed'> {
  /** Resolves when the answer has been handed over, whatever became of it. Must not reject. */
  readonly onRequest: (asked: Asked) => Promise<void>
}

const UNREADABLE: RequestHead = {
  method: '',
  scheme: '',
  target: '',
  authority: undefined,
  contentLength: -1,
  fields: [],
}

export class ServerConnection extends Connection<RequestHead> {
  readonly #onRequest: ServerEvents['onRequest']
  readonly #idle: Overdue<Http2Stream<RequestHead>>
  readonly #idleMs: number
  #lastStreamId = 0
  /** Streams up to this are answered; lower only once we have said so. */
  #acceptsUpTo = STREAM_ID_LIMIT
  #restsSinceMs: number
  /** Requests that were broken off while somebody worked on them: they still take up room. */
  #abandoned = 0

  constructor(socket: Socket, options: ServerOptions, events: ServerEvents) {
    super(socket, options, { ...events, isServer: true })
    this.#onRequest = events.onRequest
    this.#idleMs = options.idleMs
    this.#restsSinceMs = options.clock.monotonicMs()
    this.#idle = new Overdue(options.clock, options.streamIdleMs, (stream) =>
      stream.reset(CODE.cancel, 'nothing moves'),
    )
    this.lifetime.alsoLook(() => this.#closeWhenIdle())
  }

  /**
   * Says goodbye without losing what is on its way here (RFC 9113 §6.8): first that there will be a last request, and
   * which one it was only after the other end has heard of it.
   */
  drain(): void {
    if (!this.isOpen) return
    this.goaway(CODE.noError, STREAM_ID_LIMIT)
    this.ping(() => this.close())
  }

  override close(): void {
    this.#acceptsUpTo = this.#lastStreamId
    super.close()
  }

  override bodyGivenUp(): void {
    // The answer is still to come; after it the rest of the request is not wanted, and said not to be.
  }

  protected override get lastStreamId(): number {
    return this.#lastStreamId
  }

  protected override wasOpened(streamId: number): boolean {
    return streamId % 2 === 1 && (streamId <= this.#lastStreamId || streamId > this.#acceptsUpTo)
  }

  protected override headersArrived(section: FieldSection, endsStream: boolean): void {
    const { streamId } = this.reader
    const known = this.streams.get(streamId)
    if (known) return this.#trailersArrived(known, section, endsStream)
    if (streamId <= this.#lastStreamId || streamId % 2 === 0) return this.unknownStream(streamId)
    // Sent before our goodbye was heard, and so is its body (§6.8).
    if (streamId > this.#acceptsUpTo) return this.conduct.hasReset(streamId)
    this.#lastStreamId = streamId
    if (this.streams.size + this.#abandoned >= this.options.streamsMax) {
      this.refuse(streamId, CODE.refusedStream)
      return this.conduct.countReset()
    }
    const head = section.isTooLarge ? UNREADABLE : requestHeadOf(section.fields)
    if (section.isMalformed || !head) {
      this.refuse(streamId, CODE.protocolError)
      return this.conduct.countReset()
    }
    this.#begin(head, section.isTooLarge, endsStream)
  }

  protected override remoteEnded(): void {
    // The answer is being made.
  }

  /** §8.1: the answer is complete, so the rest of a request that was not wanted need not be sent. */
  protected override localEnded(stream: Http2Stream<RequestHead>): void {
    this.refuse(stream.id, CODE.noError)
    this.forget(stream, undefined)
  }

  protected override streamGone(stream: Http2Stream<RequestHead>): void {
    this.#idle.leave(stream)
    if (this.streams.size > 0) return
    this.#restsSinceMs = this.options.clock.monotonicMs()
  }

  protected override streamMoved(stream: Http2Stream<RequestHead>): void {
    this.#idle.moved(stream)
  }

  protected override goawayArrived(): void {
    this.close()
  }

  #begin(head: RequestHead, isTooLarge: boolean, endsStream: boolean): void {
    let isAtWork = false
    const stream: Http2Stream<RequestHead> = new Http2Stream<RequestHead>(this.#lastStreamId, this, {
      receiveWindow: this.options.streamWindowBytes,
      sendWindow: this.sender.peer.initialWindowSize,
      events: {
        onMessage: (_head, body) => {
          isAtWork = true
          void this.#onRequest({ head, body, stream, isTooLarge }).finally(() => {
            isAtWork = false
            if (stream.isClosed) this.#abandoned -= 1
          })
        },
        onClosed: () => {
          if (isAtWork) this.#abandoned += 1
        },
      },
    })
    this.streams.set(stream.id, stream)
    this.streamMoved(stream)
    stream.begin(head, head.contentLength)
    if (endsStream) this.endRemote(stream)
    else if (isTooLarge) stream.stream(undefined)
    else this.gathers(stream)
  }

  #trailersArrived(stream: Http2Stream<RequestHead>, section: FieldSection, endsStream: boolean): void {
    if (stream.isRemoteEnded) return this.unknownStream(stream.id)
    if (section.isMalformed || !endsStream || (!section.isTooLarge && !areTrailers(section.fields))) {
      return this.malformed(stream, 'the trailers are malformed')
    }
    this.endRemote(stream)
  }

  #closeWhenIdle(): void {
    if (this.streams.size > 0 || !this.isOpen) return
    if (this.options.clock.monotonicMs() - this.#restsSinceMs >= this.#idleMs) this.close()
  }
}
