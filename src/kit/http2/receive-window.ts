/** What the other end may still send on a connection or stream (RFC 9113 §5.2), and when it is told that it may send more. */
export class ReceiveWindow {
  readonly #size: number
  #left: number
  /** Read, but not yet told. */
  #unreported = 0

  constructor(size: number) {
    this.#size = size
    this.#left = size
  }

  /** False when more came than was allowed. */
  take(bytes: number): boolean {
    this.#left -= bytes
    return this.#left >= 0
  }

  /** So much was read; returns what the other end is to be told now. Seldom, so that it costs next to nothing. */
  credit(bytes: number): number {
    this.#unreported += bytes
    if (this.#unreported * 2 < this.#size) return 0
    const told = this.#unreported
    this.#left += told
    this.#unreported = 0
    return told
  }
}
