/** A body read piece by piece: up to a mark, or so many bytes. Holds what it has read too far, and nothing else. */
export class ByteReader implements AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** What comes before the mark, which is taken away too; undefined when it does not come within so many bytes. */
  async until(mark: string, bytesMax: number): Promise<Buffer | undefined> {
    for (let from = 0; ;) {
      const at = this.#held.indexOf(mark, from, 'latin1')
      if (at >= 0 && at <= bytesMax) return this.#take(at + mark.length).subarray(0, at)
      if (at > bytesMax || this.#held.length > bytesMax + mark.length) return undefined
      from = Math.max(0, this.#held.length - mark.length)
      if (!(await this.#more())) return undefined
    }
  }

  /** The next bytes, as many as there are but not more; undefined at the end. */
  async next(bytesMax: number): Promise<Buffer | undefined> {
    if (this.#held.length === 0 && !(await this.#more())) return undefined
    return this.#take(Math.min(bytesMax, this.#held.length))
  }

  /** False when something else comes; then nothing is taken. */
  async skip(text: string): Promise<boolean> {
    while (this.#held.length < text.length) if (!(await this.#more())) return false
    if (this.#held.toString('latin1', 0, text.length) !== text) return false
    this.#take(text.length)
    return true
  }

  /** Reads to the end, unless that is further away. */
  async drain(bytesMax: number): Promise<void> {
    for (let left = bytesMax; left > 0;) {
      const chunk = await this.next(left)
      if (!chunk) return
      left -= chunk.length
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.()
  }

  #take(bytes: number): Buffer {
    const taken = this.#held.subarray(0, bytes)
    this.#held = this.#held.subarray(bytes)
    return taken
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next()
    if (done === true) return false
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    return true
  }
}
