/**
 * The load, in a process of its own so that its CPU is nobody else's: kept HTTP/1.1 connections with one request in
 * flight on each, the next one sent when an answer is complete. Our own instead of `wrk`, so that a run needs nothing
 * installed and the figures of two machines come from the same generator.
 */
import { createConnection, type Socket } from 'node:net'
import { performBulk, type BulkDone, type BulkOrder } from './bulk-transfer.ts'
import { quantile } from '../figures.ts'
import { parseAnswer } from './http1-answer.ts'

export interface LoadOrder {
  readonly is: 'load'
  readonly port: number
  /** One whole request, sent again and again. */
  readonly request: string
  readonly answerBytes: number
  readonly inFlight: number
  /** Before the measurement: connections are opened, sessions found. */
  readonly leadMs: number
  readonly measureMs: number
}

export interface LoadDone {
  readonly is: 'load done'
  readonly requests: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Answers that were not the one expected, and connections that broke; from the lead on. */
  readonly failures: number
  readonly firstFailure: string | undefined
}

export type Order = LoadOrder | BulkOrder
export type Report =
  | { readonly is: 'measuring' }
  | LoadDone
  | BulkDone
  | { readonly is: 'failed'; readonly why: string }

process.on('message', (order: Order) => {
  const work = order.is === 'load' ? generate(order) : performBulk(order)
  work.then(report, (error: unknown) =>
    report({ is: 'failed', why: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit())

function report(what: Report): void {
  process.send?.(what)
}

interface Tally {
  isMeasuring: boolean
  isOver: boolean
  failures: number
  firstFailure: string | undefined
  readonly latenciesMs: number[]
  readonly sockets: Set<Socket>
}

async function generate(order: LoadOrder): Promise<LoadDone> {
  const sockets = new Set<Socket>()
  const tally: Tally = {
    isMeasuring: false,
    isOver: false,
    failures: 0,
    firstFailure: undefined,
    latenciesMs: [],
    sockets,
  }
  for (let each = 0; each < order.inFlight; each += 1) keepAsking(order, tally)
  await pause(order.leadMs)
  tally.isMeasuring = true
  report({ is: 'measuring' })
  const startMs = performance.now()
  await pause(order.measureMs)
  tally.isMeasuring = false
  const seconds = (performance.now() - startMs) / 1000
  tally.isOver = true
  for (const socket of sockets) socket.destroy()
  const { latenciesMs, failures, firstFailure } = tally
  return {
    is: 'load done',
    requests: latenciesMs.length,
    seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    failures,
    firstFailure,
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** One request after the other on one connection, and on a new one when that breaks. */
function keepAsking(order: LoadOrder, tally: Tally): void {
  const bytes = Buffer.from(order.request, 'latin1')
  const socket = createConnection({ port: order.port, host: '127.0.0.1', noDelay: true })
  tally.sockets.add(socket)
  let sentMs = 0
  let received: Buffer = Buffer.alloc(0)
  const ask = (): void => {
    sentMs = performance.now()
    socket.write(bytes)
  }
  socket.once('connect', ask)
  socket.on('error', () => {})
  socket.once('close', () => {
    tally.sockets.delete(socket)
    if (tally.isOver) return
    fail(tally, `the connection was closed after ${received.length} bytes of an answer`)
    keepAsking(order, tally)
  })
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const answer = parseAnswer(received)
    if (!answer) return
    if (answer.status !== 200 || answer.bodyBytes !== order.answerBytes)
      fail(tally, `status ${answer.status}: ${received.toString('latin1', 0, FAILURE_CHARACTERS_MAX)}`)
    else if (tally.isMeasuring) tally.latenciesMs.push(performance.now() - sentMs)
    received = received.subarray(answer.end)
    if (!tally.isOver) ask()
  })
}

const FAILURE_CHARACTERS_MAX = 600

function fail(tally: Tally, why: string): void {
  tally.failures += 1
  tally.firstFailure ??= why
}
