/** The client of the measurements, in a process of its own: transfers files and counts bytes. */
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'

export interface TransferOrder {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  /** Sent before and after the bytes of an upload, which are so many; nothing else is sent then. */
  readonly upload?: { readonly before: string; readonly bytes: number; readonly after: string }
  /** What is sent otherwise. */
  readonly body?: string
  readonly atOnce: number
  /** Whatever is under way then is broken off. */
  readonly secondsMax: number
}

export type TransferReport =
  | { readonly bytes: number; readonly seconds: number; readonly answer: string }
  | { readonly failed: string }

const CHUNK = Buffer.alloc(64 * 1024, 'asset')
const ANSWER_CHARACTERS_MAX = 1_000

process.on('message', (order: TransferOrder) => {
  perform(order).then(report, (error: unknown) => report({ failed: String(error) }))
})
process.on('disconnect', () => process.exit())

function report(what: TransferReport): void {
  process.send?.(what)
}

interface Tally {
  bytes: number
  answer: string
  readonly calls: Set<ClientRequest>
}

async function perform(order: TransferOrder): Promise<TransferReport> {
  const agent = new Agent({ maxSockets: order.atOnce })
  const tally: Tally = { bytes: 0, answer: '', calls: new Set() }
  let isOver = false
  const end = setTimeout(() => {
    isOver = true
    for (const call of tally.calls) call.destroy()
  }, order.secondsMax * 1000)
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: order.atOnce }, () =>
      transfer(order, agent, tally).catch((error: unknown) => {
        if (!isOver) throw error
      }),
    ),
  )
  const seconds = (performance.now() - startMs) / 1000
  clearTimeout(end)
  agent.destroy()
  return { bytes: tally.bytes, seconds, answer: tally.answer }
}

const transfer = (order: TransferOrder, agent: Agent, tally: Tally): Promise<void> =>
  new Promise((resolve, reject) => {
    const { url, method, headers, upload, body } = order
    const call = request(url, { method, headers: { ...headers, ...lengthOf(order) }, agent })
    tally.calls.add(call)
    call.once('error', reject)
    call.once('response', (response: IncomingMessage) => {
      const isGood = response.statusCode === 200 || response.statusCode === 201
      response.on('data', (chunk: Buffer) => {
        if (!upload) tally.bytes += chunk.length
        if (upload || !isGood) tally.answer = (tally.answer + chunk.toString()).slice(0, ANSWER_CHARACTERS_MAX)
      })
      response.once('error', reject)
      response.once('end', () => {
        if (upload) tally.bytes += upload.bytes
        if (isGood && response.complete) resolve()
        else reject(new Error(`status ${response.statusCode}: ${tally.answer}`))
      })
    })
    if (upload) send(call, upload)
    else call.end(body)
  })

const lengthOf = ({ upload, body }: TransferOrder): Record<string, number> => {
  if (upload) return { 'content-length': upload.before.length + upload.bytes + upload.after.length }
  return body === undefined ? {} : { 'content-length': body.length }
}

const send = (call: ClientRequest, { before, bytes, after }: NonNullable<TransferOrder['upload']>): void => {
  call.write(before)
  let left = bytes
  const go = (): void => {
    while (left > 0) {
      const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length))
      left -= chunk.length
      if (!call.write(chunk)) return void call.once('drain', go)
    }
    call.end(after)
  }
  go()
}
