/**
 * What is to be sent. Frames are copied one behind the other into large buffers, and all that became ready in one turn
 * of the event loop goes to the socket by one call: a call costs more than copying what it carries, and the socket
 * would put several buffers together by copying anyway. Buffers are used again, by whichever connection is next.
 */
import type { Socket } from 'node:net'
import { FRAME_HEAD_BYTES } from './protocol.ts'

/** Four of the largest records of TLS, and the heads of a few frames. */
const BUFFER_BYTES = 64 * 1024 + 256
const BUFFERS_KEPT_MAX = 32
/** So many calls at once: one is being sent while the next one gets ready. */
const WRITES_MAX = 2
/** A frame of data is not worth its head in less room than this. */
const DATA_BYTES_MIN = 4 * 1024

const kept: Buffer[] = []
const takeBuffer = (): Buffer => kept.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
const giveBack = (buffer: Buffer): void => {
  if (kept.length < BUFFERS_KEPT_MAX) kept.push(buffer)
}

interface Full {
  readonly buffer: Buffer
  readonly used: number
}

export class Outbox {
  readonly #socket: Socket
  readonly #onWritten: () => void
  #buffer: Buffer | undefined
  #used = 0
  readonly #full: Full[] = []
  /** Calls of the socket that are not over, and how often one was. */
  #writes = 0
  #written = 0
  #isClosing = false

  /** `onWritten` is called when the socket has taken something, so that there may be room for more. */
  constructor(socket: Socket, onWritten: () => void) {
    this.#socket = socket
    this.#onWritten = onWritten
  }

  /** Whether data should be added: the socket gets as much as it may have at once, and one buffer is made ready. */
  get takesData(): boolean {
    const mayStart = WRITES_MAX - this.#writes - this.#full.length
    return mayStart > 0 || (mayStart === 0 && BUFFER_BYTES - this.#used - FRAME_HEAD_BYTES >= DATA_BYTES_MIN)
  }

  get isEmpty(): boolean {
    return this.#writes === 0 && this.#used === 0 && this.#full.length === 0
  }

  /** Whether the socket has not finished a call. */
  get isWriting(): boolean {
    return this.#writes > 0
  }

  /** What waits for the socket, in bytes. */
  get backlog(): number {
    return this.#full.length * BUFFER_BYTES + this.#used
  }

  /** How often the socket has finished a call; stands still while there is something to send and nobody takes it. */
  get progress(): number {
    return this.#written
  }

  /** How many bytes of data the next frame can carry. */
  roomForData(): number {
    const room = BUFFER_BYTES - this.#used - FRAME_HEAD_BYTES
    return room >= DATA_BYTES_MIN ? room : BUFFER_BYTES - FRAME_HEAD_BYTES
  }

  /** Begins a frame; its payload follows by {@link append}. */
  head(type: number, flags: number, streamId: number, length: number): void {
    const buffer = this.#withRoom(FRAME_HEAD_BYTES + length)
    let at = this.#used
    buffer[at++] = length >>> 16
    buffer[at++] = (length >>> 8) & 0xff
    buffer[at++] = length & 0xff
    buffer[at++] = type
    buffer[at++] = flags
    this.#used = at
    this.number(streamId)
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const buffer = this.#withRoom(end - start)
    // A whole one is copied without a view on it being made.
    buffer.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.#used)
    this.#used += end - start
  }

  number(value: number): void {
    const buffer = this.#withRoom(4)
    let at = this.#used
    buffer[at++] = value >>> 24
    buffer[at++] = (value >>> 16) & 0xff
    buffer[at++] = (value >>> 8) & 0xff
    buffer[at++] = value & 0xff
    this.#used = at
  }

  /** Hands the socket as much as it should have at once. */
  flush(): void {
    while (this.#writes < WRITES_MAX) {
      const next = this.#full.shift() ?? this.#take()
      if (!next) break
      this.#write(next)
    }
    if (this.#isClosing && this.#full.length === 0 && this.#used === 0) this.#socket.end()
  }

  /** Ends the connection once all is sent. */
  close(): void {
    this.#isClosing = true
    this.flush()
  }

  /** What has not been handed to the socket will not be. */
  drop(): void {
    for (const { buffer } of this.#full.splice(0)) giveBack(buffer)
    if (this.#buffer) giveBack(this.#buffer)
    this.#buffer = undefined
    this.#used = 0
  }

  #withRoom(bytes: number): Buffer {
    if (this.#buffer && this.#used + bytes > BUFFER_BYTES) {
      this.#full.push({ buffer: this.#buffer, used: this.#used })
      this.#buffer = undefined
    }
    if (!this.#buffer) {
      this.#buffer = takeBuffer()
      this.#used = 0
    }
    return this.#buffer
  }

  #take(): Full | undefined {
    if (!this.#buffer || this.#used === 0) return undefined
    const full = { buffer: this.#buffer, used: this.#used }
    this.#buffer = undefined
    this.#used = 0
    return full
  }

  #write({ buffer, used }: Full): void {
    this.#writes += 1
    this.#socket.write(buffer.subarray(0, used), () => {
      this.#writes -= 1
      this.#written += 1
      giveBack(buffer)
      if (this.#isClosing) this.flush()
      this.#onWritten()
    })
  }
}
