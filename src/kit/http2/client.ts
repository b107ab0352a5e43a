/** The side of a connection that asks. */
import type { Socket } from 'node:net'
import { Connection } from './connection.ts'
import { AnswerOverdue, StreamBroken } from './errors.ts'
import type { FieldSection } from './hpack/decoder.ts'
import { type AnswerHead, answerHeadOf, areTrailers, hasNoBody } from './messages.ts'
import type { ConnectionEvents, ConnectionOptions } from './options.ts'
import { Overdue } from '../overdue.ts'
import { CODE, STREAM_ID_LIMIT } from './protocol.ts'
import { Http2Stream, type StreamEvents } from './stream.ts'

export interface ClientOptions extends ConnectionOptions {
  /** From the request to the head of its answer. */
  readonly answerMs: number
  /** Between two pieces of an answer. */
  readonly bodyIdleMs: number
}

export interface ClientEvents extends ConnectionEvents {
  /** No answer has come in time; perhaps the whole connection is dead. */
  readonly onSilence: () => void
}

export interface Question {
  readonly method: string
  /** Names and values in turn, pseudo-header fields first. */
  readonly fields: readonly string[]
  readonly hasBody: boolean
}

type AnswerStream = Http2Stream<AnswerHead>

export class ClientConnection extends Connection<AnswerHead> {
  readonly #unanswered: Overdue<AnswerStream>
  readonly #idle: Overdue<AnswerStream>
  readonly #methods = new WeakMap<AnswerStream, string>()
  #nextStreamId = 1

  constructor(socket: Socket, options: ClientOptions, events: ClientEvents) {
    super(socket, options, { ...events, isServer: false })
    this.#unanswered = new Overdue(options.clock, options.answerMs, (stream) => {
      this.reset(stream, CODE.cancel, new AnswerOverdue(CODE.cancel))
      events.onSilence()
    })
    this.#idle = new Overdue(options.clock, options.bodyIdleMs, (stream) =>
      stream.reset(CODE.cancel, 'the answer stopped coming'),
    )
  }

  /** How many requests the other end lets be under way. */
  get streamsMax(): number {
    return this.sender.peer.maxConcurrentStreams
  }

  /** False once the other end said goodbye, or all numbers are used. */
  override get isOpen(): boolean {
    return super.isOpen && this.#nextStreamId < STREAM_ID_LIMIT
  }

  /** Throws {@link StreamBroken} when there can be no more, and a TypeError when a field may not be sent. */
  request(question: Question, events: StreamEvents<AnswerHead>): AnswerStream {
    if (!this.isOpen) throw new StreamBroken('the connection takes no more requests', { isUnprocessed: true })
    const stream = new Http2Stream<AnswerHead>(this.#nextStreamId, this, {
      receiveWindow: this.options.streamWindowBytes,
      sendWindow: this.sender.peer.initialWindowSize,
      events,
    })
    if (question.method !== 'POST') this.#methods.set(stream, question.method)
    // Before its fields go out: an end that is sent at once must find it.
    this.streams.set(stream.id, stream)
    try {
      stream.sendHead(question.fields, !question.hasBody)
    } catch (error) {
      this.streams.delete(stream.id)
      throw error
    }
    this.#nextStreamId += 2
    this.#unanswered.moved(stream)
    return stream
  }

  override bodyGivenUp(stream: AnswerStream): void {
    stream.reset(CODE.cancel, 'the answer is not wanted')
  }

  protected override get lastStreamId(): number {
    return 0
  }

  protected override wasOpened(streamId: number): boolean {
    return streamId % 2 === 1 && streamId < this.#nextStreamId
  }

  protected override headersArrived(section: FieldSection, endsStream: boolean): void {
    const stream = this.streams.get(this.reader.streamId)
    if (!stream) return this.unknownStream(this.reader.streamId)
    if (stream.isRemoteEnded) return this.unknownStream(stream.id)
    if (section.isMalformed || section.isTooLarge)
      return this.malformed(stream, 'the fields are malformed or too large')
    if (stream.head !== undefined) return this.#trailersArrived(stream, section, endsStream)
    const head = answerHeadOf(section.fields)
    if (!head || head.status === 101 || (head.status < 200 && endsStream)) {
      return this.malformed(stream, 'the head of the answer is malformed')
    }
    // The real answer is still to come.
    if (head.status < 200) return this.conduct.waste()
    this.#unanswered.leave(stream)
    this.#idle.moved(stream)
    stream.begin(head, hasNoBody(head.status, this.#methods.get(stream) ?? 'POST') ? 0 : head.contentLength)
    if (endsStream) this.endRemote(stream)
    else this.gathers(stream)
  }

  /** §8.1: who has answered in full does not want the rest of the request. */
  protected override remoteEnded(stream: AnswerStream): void {
    this.refuse(stream.id, CODE.cancel)
    this.forget(stream, undefined)
  }

  protected override localEnded(): void {
    // The answer is being made.
  }

  protected override streamGone(stream: AnswerStream): void {
    this.#unanswered.leave(stream)
    this.#idle.leave(stream)
  }

  protected override streamMoved(stream: AnswerStream): void {
    if (stream.head !== undefined) this.#idle.moved(stream)
  }

  /** §6.8: what is above the last stream was not begun, and may be sent again elsewhere. */
  protected override goawayArrived(lastStreamId: number): void {
    this.isClosing = true
    for (const stream of this.streams.values()) {
      if (stream.id <= lastStreamId) continue
      this.forget(
        stream,
        new StreamBroken('the other end leaves before it', { code: CODE.refusedStream, isUnprocessed: true }),
      )
    }
  }

  #trailersArrived(stream: AnswerStream, section: FieldSection, endsStream: boolean): void {
    if (!endsStream || !areTrailers(section.fields)) return this.malformed(stream, 'the trailers are malformed')
    this.endRemote(stream)
  }
}
