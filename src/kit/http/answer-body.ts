/** The body of an answer that is passed on while it comes; it holds the sender back while nobody reads. */
import { Readable } from 'node:stream'

interface Source {
  readonly resume: () => void
  /** Nobody reads the rest. */
  readonly giveUp: (why: Error) => void
}

/** Bytes that lie ready before the sender is held back. */
const READY_BYTES_MAX = 256 * 1024

export class AnswerBody extends Readable {
  readonly #source: Source
  #isHeldBack = false
  #isFinished = false

  constructor(source: Source) {
    super({ highWaterMark: READY_BYTES_MAX })
    this.#source = source
    // It may break before anybody reads; who reads then is told, and the process must not end for want of a listener.
    this.on('error', () => {})
  }

  get isHeldBack(): boolean {
    return this.#isHeldBack
  }

  add(chunk: Uint8Array): void {
    if (!this.push(chunk)) this.#isHeldBack = true
  }

  finish(): void {
    this.#isFinished = true
    this.push(null)
  }

  override _read(): void {
    if (!this.#isHeldBack) return
    this.#isHeldBack = false
    if (!this.#isFinished) this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#isFinished) this.#source.giveUp(error ?? new Error('the answer is no longer wanted'))
    callback(error)
  }
}
