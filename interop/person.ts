/** Somebody in a story: a device in a thread of its own, and what it has heard. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Device, Heard } from './device.ts'

/** How long a person waits for something to be heard. */
const PATIENCE_MS = 60_000

type Answer = { readonly heard: Heard } | { readonly number: number; readonly value?: unknown; readonly error?: Error }

export class Person implements AsyncDisposable {
  readonly heard: Heard[] = []
  /** The stock client. */
  readonly device: Device
  readonly #thread: Worker
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>()
  #listening = Promise.withResolvers<void>()

  constructor(clientApi: string) {
    this.#thread = new Worker(new URL('device-thread.ts', import.meta.url), { workerData: { clientApi } })
    this.#thread.on('message', (answer: Answer) => this.#receive(answer))
    this.#thread.on('error', (error) => {
      for (const waiting of [this.#listening, ...this.#asked.values()]) waiting.reject(error)
    })
    // Nobody may be listening when the thread fails; who listens later is told.
    this.#listening.promise.catch(() => {})
    this.device = new Proxy({} as Device, { get: (_, method) => this.#ask(method as keyof Device) })
  }

  /** Resolves with the first event that `isIt`, heard before or from now on. */
  async hears(what: string, isIt: (heard: Heard) => boolean): Promise<Heard> {
    const deadline = AbortSignal.timeout(PATIENCE_MS)
    const late = once(deadline, 'abort').then(() => 'late' as const)
    for (;;) {
      const found = this.heard.find(isIt)
      if (found) return found
      if ((await Promise.race([this.#listening.promise, late])) === 'late') {
        throw new Error(`not heard in time: ${what}; heard: ${this.heard.map(({ event }) => event.type).join(', ')}`)
      }
    }
  }

  texts(): string[] {
    return this.heard.flatMap(({ text }) => text ?? [])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate()
  }

  #ask(method: keyof Device) {
    return (...args: readonly unknown[]): Promise<unknown> => {
      const asked = Promise.withResolvers<unknown>()
      const number = this.#asked.size
      this.#asked.set(number, asked)
      this.#thread.postMessage({ number, method, arguments: args })
      return asked.promise
    }
  }

  #receive(answer: Answer): void {
    if ('heard' in answer) {
      this.heard.push(answer.heard)
      this.#listening.resolve()
      this.#listening = Promise.withResolvers()
      this.#listening.promise.catch(() => {})
      return
    }
    const asked = this.#asked.get(answer.number)
    if (answer.error) asked?.reject(answer.error)
    else asked?.resolve(answer.value)
  }
}
