/** One large body down, or large bodies up one after the other, on one connection. */
import { Agent, type IncomingMessage, request } from 'node:http'

export interface BulkOrder {
  readonly is: 'bulk'
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** So many requests with bodies of this size, which is what is counted; 0 bytes: the answer is. */
  readonly pieces: number
  readonly pieceBytes: number
}

export interface BulkDone {
  readonly is: 'bulk done'
  readonly bytes: number
  readonly seconds: number
}

const CHUNK = Buffer.alloc(64 * 1024, 'asset')

export const performBulk = async (order: BulkOrder): Promise<BulkDone> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const startMs = performance.now()
  let bytes = 0
  for (let piece = 0; piece < order.pieces; piece += 1) {
    const answered = await transfer(order, agent)
    bytes += order.pieceBytes === 0 ? answered : order.pieceBytes
  }
  const seconds = (performance.now() - startMs) / 1000
  agent.destroy()
  return { is: 'bulk done', bytes, seconds }
}

/** Resolves with the bytes of the answer. */
const transfer = ({ port, path, headers, pieceBytes }: BulkOrder, agent: Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    const length = pieceBytes === 0 ? 2 : pieceBytes
    const call = request({
      host: '127.0.0.1',
      port,
      path,
      agent,
      method: 'POST',
      headers: { ...headers, 'content-length': length },
    })
    call.once('error', reject)
    call.once('response', (response) => void countBody(response).then(resolve, reject))
    if (pieceBytes === 0) call.end('{}')
    else sendBytes(call, pieceBytes)
  })

const countBody = async (response: IncomingMessage): Promise<number> => {
  let bytes = 0
  const first: string[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (first.length === 0) first.push(chunk.toString('latin1', 0, 300))
    bytes += chunk.length
  }
  if (response.statusCode === 200) return bytes
  throw new Error(`status ${response.statusCode}: ${first.join('')}`)
}

const sendBytes = (call: ReturnType<typeof request>, bytes: number): void => {
  let left = bytes
  const send = (): void => {
    while (left > 0) {
      const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length))
      left -= chunk.length
      if (!call.write(chunk)) return void call.once('drain', send)
    }
    call.end()
  }
  send()
}
