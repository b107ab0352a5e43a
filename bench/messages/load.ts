/**
 * The load of a benchmark of messages: pairs of people with some messages in flight each. Closed: a message that has
 * reached the reader's socket, and whose sender has his answer, lets the next one go.
 */
import { createConnection, type Socket } from 'node:net'
import { withDeadline } from '#src/kit/deadline.ts'
import { encodeProteusMessage } from '#src/world/proteus-message.ts'
import { quantile } from '../figures.ts'
import { parseAnswer, type WholeAnswer } from '../transport/http1-answer.ts'
import type { Pair } from './ground.ts'
import { openWebsocket } from './websocket-frames.ts'

/** What the peers of bench/peers carry too. */
export const CIPHERTEXT_BYTES = 300
const MARK_CHARACTERS = 18
const STUCK_MS = 20_000

export interface Load {
  readonly pairs: number
  readonly inFlight: number
}

export interface LoadResult {
  readonly messages: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of this process, which sends and receives. */
  readonly generatorCpuSeconds: number
}

/** Somebody who listens on a socket: by the mark of a message in Base64, what to do when it arrives. */
export interface Reader extends Disposable {
  readonly awaited: Map<string, () => void>
}

export const openReader = async ({ reader }: Pair): Promise<Reader> => {
  const { app, client } = reader
  await app.http.renewToken()
  const query = new URLSearchParams({ access_token: app.http.token ?? '', client })
  const awaited = new Map<string, () => void>()
  const socket = await openWebsocket({
    port: portOf(reader),
    target: `/await?${query.toString()}`,
    onFrame: (frame) => awaited.get(markIn(frame))?.(),
  })
  return { awaited, [Symbol.dispose]: () => socket.destroy() }
}

const portOf = ({ app }: Pair['reader']): number => Number(new URL(app.http.baseUrl).port)

const TEXT = Buffer.from('"text":"')
const MARK_BASE64_CHARACTERS = (MARK_CHARACTERS * 4) / 3

const markIn = (frame: Buffer): string => {
  const start = frame.indexOf(TEXT) + TEXT.length
  return frame.toString('latin1', start, start + MARK_BASE64_CHARACTERS)
}

export const runLoad = async (
  pairs: readonly Pair[],
  readers: readonly Reader[],
  plan: RunPlan,
): Promise<LoadResult> => {
  const { inFlight, seconds } = plan
  const latenciesMs: number[] = []
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  const endMs = startMs + seconds * 1000
  const senders = pairs.flatMap((pair, index) =>
    Array.from({ length: inFlight }, (_, slot) =>
      openSender({ pair, reader: readers[index], name: `${index}.${slot}`, latenciesMs, endMs }),
    ),
  )
  try {
    await withDeadline(Promise.all(senders.map(({ done }) => done)), seconds * 1000 + STUCK_MS, 'a load')
  } finally {
    for (const { socket } of senders) socket.destroy()
  }
  const elapsed = (performance.now() - startMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return {
    messages: latenciesMs.length,
    perSecond: latenciesMs.length / elapsed,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    generatorCpuSeconds: (user + system) / 1e6,
  }
}

export interface RunPlan {
  readonly inFlight: number
  readonly seconds: number
}

interface Sending {
  readonly pair: Pair
  readonly reader: Reader | undefined
  readonly name: string
  readonly latenciesMs: number[]
  readonly endMs: number
}

const openSender = (sending: Sending): { readonly socket: Socket; readonly done: Promise<void> } => {
  const { pair, reader, name, latenciesMs, endMs } = sending
  const { bytes, markAt } = requestOf(pair)
  const done = Promise.withResolvers<void>()
  let [number, outstanding, sentMs] = [0, 0, 0]
  const settleOne = (): void => {
    outstanding -= 1
    if (outstanding > 0) return
    if (performance.now() >= endMs) done.resolve()
    else sendNext()
  }
  const arrived = (): void => {
    latenciesMs.push(performance.now() - sentMs)
    settleOne()
  }
  const sendNext = (): void => {
    bytes.write(`${name}-${(number += 1)}`.padEnd(MARK_CHARACTERS), markAt, 'latin1')
    const mark = bytes.toString('base64', markAt, markAt + MARK_CHARACTERS)
    outstanding = 2
    sentMs = performance.now()
    reader?.awaited.set(mark, () => {
      reader.awaited.delete(mark)
      arrived()
    })
    socket.write(bytes)
  }
  const answered = answers((answer, text) => {
    if (answer.status !== 201) done.reject(new Error(`answered ${text()}`))
    settleOne()
  })
  const socket = createConnection({
    host: '127.0.0.1',
    port: portOf(pair.sender),
    onread: {
      buffer: RECEIVED,
      callback: (size) => {
        answered(RECEIVED.subarray(0, size))
        return true
      },
    },
  })
  socket.setNoDelay(true)
  socket.once('connect', sendNext)
  socket.on('error', (error) => done.reject(error))
  return { socket, done: done.promise }
}

/** Of one connection at a time: a callback has looked at it before the next piece is read. */
const RECEIVED = Buffer.allocUnsafe(64 * 1024)

type OnAnswer = (answer: WholeAnswer, text: () => string) => void

/** There is one at a time, for the next request waits for it. */
const answers = (onAnswer: OnAnswer): ((chunk: Buffer) => void) => {
  let rest: Buffer | undefined
  return (chunk) => {
    const bytes = rest ? Buffer.concat([rest, chunk]) : chunk
    const answer = parseAnswer(bytes)
    if (answer) onAnswer(answer, () => bytes.toString('latin1', 0, answer.end))
    // A copy: the bytes of the chunk are overwritten by the next one.
    const left = bytes.subarray(answer?.end ?? 0)
    rest = left.length === 0 ? undefined : Buffer.from(left)
  }
}

const requestOf = ({ sender, reader, conversation }: Pair): { bytes: Buffer; markAt: number } => {
  const text = Buffer.alloc(CIPHERTEXT_BYTES, 'x')
  const recipients = { [reader.user.domain]: { [reader.user.id]: { [reader.client]: text } } }
  const body = Buffer.from(encodeProteusMessage({ sender: sender.client, recipients }))
  const head = [
    `POST /v8/conversations/${conversation.domain}/${conversation.id}/proteus/messages HTTP/1.1`,
    'host: bench',
    `authorization: Bearer ${sender.app.http.token ?? ''}`,
    'content-type: application/x-protobuf',
    `content-length: ${body.length}`,
  ].join('\r\n')
  const bytes = Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body])
  return { bytes, markAt: bytes.indexOf(text) }
}
