/**
 * Streams that we have reset a moment ago: what the other end sent before it knew is not held against it. Numbers only
 * grow, so of those that had to be forgotten the largest is enough to be lenient with all before.
 */
const REMEMBERED_MAX = 256

export class ResetMemory {
  readonly #ids = new Set<number>()
  #forgotten = 0

  add(streamId: number): void {
    this.#ids.add(streamId)
    if (this.#ids.size <= REMEMBERED_MAX) return
    const [oldest = 0] = this.#ids
    this.#ids.delete(oldest)
    this.#forgotten = Math.max(this.#forgotten, oldest)
  }

  has(streamId: number): boolean {
    return streamId <= this.#forgotten || this.#ids.has(streamId)
  }
}
