/** The websocket of one app (client-notifications §4): binary frames of JSON, text `ping` answered by `pong`. */
import { EventEmitter, on, once } from 'node:events'
import { WebSocket, type RawData } from 'ws'
import { z } from 'zod'
import { withDeadline } from '#src/kit/deadline.ts'
import { epochMicros } from './epoch.ts'
import { APP_BODY_BYTES_MAX, APP_CALL_MS, PATIENCE_MS } from './limits.ts'

export const AppEvent = z.looseObject({ type: z.string() })
export type AppEvent = z.infer<typeof AppEvent>

export const Notification = z.object({
  id: z.string(),
  payload: z.array(AppEvent),
  transient: z.boolean().optional(),
})

export interface Notification extends z.infer<typeof Notification> {
  /** When the frame arrived, in microseconds since the epoch: comparable with the hops that backends log. */
  readonly receivedAt: number
}

/** Yields every notification since it was opened, in order; ends when the connection does. */
export class AppSocket implements AsyncIterable<Notification>, AsyncDisposable {
  readonly #socket: WebSocket
  readonly #arrivals = new EventEmitter()
  readonly #stream: AsyncIterator<[Notification]>

  private constructor(socket: WebSocket) {
    this.#socket = socket
    // Listening from the first moment: a frame can follow the handshake within the same packet.
    this.#stream = on(this.#arrivals, 'notification', { close: ['end'] }) as AsyncIterator<[Notification]>
    socket.on('message', (data) => this.#take(data))
    socket.on('close', () => this.#arrivals.emit('end'))
    // A broken connection is reported by its close; whoever waits for a notification says what is missing.
    socket.on('error', () => undefined)
  }

  static async open(baseUrl: string, query: { access_token: string; client?: string }): Promise<AppSocket> {
    const url = `${baseUrl.replace(/^http/, 'ws')}/await?${new URLSearchParams(query).toString()}`
    const socket = new WebSocket(url, { maxPayload: APP_BODY_BYTES_MAX, perMessageDeflate: false })
    const opened = new AppSocket(socket)
    await withDeadline(once(socket, 'open'), APP_CALL_MS, 'opening the websocket')
    return opened
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /** The next one, or an error that names what did not come. */
  async next(what = 'the next notification', patienceMs = PATIENCE_MS): Promise<Notification> {
    const arrived = await withDeadline(this.#stream.next(), patienceMs, what)
    if (arrived.done === true) throw new Error(`the websocket closed while waiting for ${what}`)
    return arrived.value[0]
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Notification> {
    for (let arrived = await this.#stream.next(); arrived.done !== true; arrived = await this.#stream.next()) {
      yield arrived.value[0]
    }
  }

  /** Resolves when the server has answered `pong` (client-notifications §4, keep-alive). */
  async ping(): Promise<void> {
    const answered = once(this.#arrivals, 'pong')
    this.#socket.send('ping')
    await withDeadline(answered, PATIENCE_MS, 'pong')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.#socket, 'close')
    this.#socket.terminate()
    await closed
  }

  #take(data: RawData): void {
    const receivedAt = epochMicros()
    const text = asText(data)
    if (text === 'pong') return void this.#arrivals.emit('pong')
    const notification = Notification.parse(JSON.parse(text))
    this.#arrivals.emit('notification', { ...notification, receivedAt })
  }
}

function asText(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8')
  return Buffer.from(data as Buffer).toString('utf8')
}
