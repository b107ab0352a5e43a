/** Something that is done once, at a later moment, however often it was asked for before that. */
export class Planned {
  readonly #when: (action: () => void) => void
  readonly #action: () => void
  #isPlanned = false

  constructor(when: (action: () => void) => void, action: () => void) {
    this.#when = when
    this.#action = action
  }

  plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    this.#when(() => {
      this.#isPlanned = false
      this.#action()
    })
  }
}
