/** A device on `/events`, which acknowledges what it gets (client-notifications.md §6). */
import { EventEmitter, once } from 'node:events'
import { WebSocket } from 'ws'
import { withDeadline } from '#src/kit/deadline.ts'
import type { AppClient } from '#src/world/app-client.ts'
import { PATIENCE_MS } from '#src/world/limits.ts'

interface Frame {
  readonly type: string
  readonly data?: {
    readonly delivery_tag: number
    readonly event?: { readonly id: string; readonly payload: readonly { readonly type: string }[] }
  }
}

export class EventStream implements AsyncDisposable {
  readonly frames: Frame[] = []
  readonly #socket: WebSocket
  readonly #changes = new EventEmitter()

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString('utf8')) as Frame)
      this.#changes.emit('change')
    })
    socket.on('close', () => this.#changes.emit('change'))
  }

  static async open({ http }: AppClient, client: string): Promise<EventStream> {
    await http.renewToken()
    const query = new URLSearchParams({ client, sync_marker: 'present', access_token: http.token ?? '' })
    const socket = new WebSocket(`${http.baseUrl.replace(/^http/, 'ws')}/v8/events?${query.toString()}`)
    const stream = new EventStream(socket)
    await withDeadline(once(socket, 'open'), PATIENCE_MS, 'opening a stream of events')
    return stream
  }

  /** Of everything before the present; returns when that is reached. */
  async past(): Promise<readonly Frame[]> {
    const present = await this.until('the present', ({ type }) => type === 'synchronization')
    return this.frames.slice(0, this.frames.indexOf(present))
  }

  async until(what: string, isIt: (frame: Frame) => boolean): Promise<Frame> {
    const work = async (): Promise<Frame> => {
      for (;;) {
        const found = this.frames.find(isIt)
        if (found) return found
        if (this.#socket.readyState === WebSocket.CLOSED) throw new Error(`the stream ended without ${what}`)
        await once(this.#changes, 'change')
      }
    }
    return withDeadline(work(), PATIENCE_MS, what)
  }

  acknowledge({ data }: Frame): void {
    this.#socket.send(JSON.stringify({ type: 'ack', data: { delivery_tag: data?.delivery_tag, multiple: true } }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }
}
