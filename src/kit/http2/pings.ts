/** Our own PING frames that wait for their answers, told apart by a number in them (RFC 9113 §6.7). */
const PAYLOAD_BYTES = 8
const NUMBER_AT = 4

export class Pings {
  readonly #waiting = new Map<number, () => void>()
  #count = 0

  /** The payload to be sent. */
  add(onAnswer: () => void): Buffer {
    this.#count += 1
    this.#waiting.set(this.#count, onAnswer)
    const payload = Buffer.alloc(PAYLOAD_BYTES)
    payload.writeUInt32BE(this.#count, NUMBER_AT)
    return payload
  }

  /** False when it answers nothing that we have asked. */
  answered(payload: Buffer, start: number): boolean {
    const number = payload.readUInt32BE(start + NUMBER_AT)
    const onAnswer = this.#waiting.get(number)
    if (!onAnswer) return false
    this.#waiting.delete(number)
    onAnswer()
    return true
  }

  clear(): void {
    this.#waiting.clear()
  }
}
