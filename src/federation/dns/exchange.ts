/**
 * One question to one resolver: over UDP from a port that the system picks anew for every question, and
 * over TCP when the answer does not fit or cannot be believed (RFC 7766). Why not `node:dns`: it hides TTLs and turns the root target of
 * an SRV record into an empty string.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { connect } from 'node:net'
import type { Random } from '#src/kit/random.ts'
import { DeadlineExceeded, withDeadline } from '#src/kit/deadline.ts'
import { DNS_FOREIGN_DATAGRAMS_MAX } from '../limits.ts'
import { answerOf, type DnsAnswer } from './answer.ts'
import { makeQuery, type Query, type Question, readReply } from './message.ts'

export interface DnsServerAddress {
  /** An IP literal. */
  readonly host: string
  readonly port: number
}

export interface AskOptions {
  readonly timeoutMs: number
  readonly random: Random
}

/** `silence`: nothing usable came in time, and asking again may help. */
export type Reply = DnsAnswer | { readonly outcome: 'silence'; readonly reason: string }

export const ask = async (server: DnsServerAddress, question: Question, options: AskOptions): Promise<Reply> => {
  try {
    const overUdp = await within(options, (signal) => askOverUdp(server, makeQuery(question, options.random), signal))
    if (overUdp !== 'ask over TCP') return overUdp
    return await within(options, (signal) => askOverTcp(server, makeQuery(question, options.random), signal))
  } catch (error) {
    const reason = error instanceof DeadlineExceeded ? 'no answer in time' : messageOf(error)
    return { outcome: 'silence', reason: `${server.host} port ${server.port}: ${reason}` }
  }
}

const within = <T>({ timeoutMs }: AskOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  withDeadline(work, timeoutMs, 'asking a resolver')

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const askOverUdp = (server: DnsServerAddress, query: Query, signal: AbortSignal): Promise<DnsAnswer | 'ask over TCP'> =>
  new Promise((resolve, reject) => {
    const socket = createSocket(server.host.includes(':') ? 'udp6' : 'udp4')
    const finish = (settle: () => void): void => {
      closeQuietly(socket)
      settle()
    }
    let foreign = 0
    socket.on('error', (error) => finish(() => reject(error)))
    socket.on('message', (bytes) => {
      const judged = judge(query, bytes)
      if (judged !== 'ignore') return finish(() => resolve(judged))
      foreign += 1
      if (foreign > DNS_FOREIGN_DATAGRAMS_MAX) finish(() => resolve('ask over TCP'))
    })
    signal.addEventListener('abort', () => finish(() => reject(signal.reason)), { once: true })
    // A connected socket receives from this server only, and learns at once when nobody listens there.
    socket.connect(server.port, server.host, () => socket.send(query.bytes))
  })

const judge = (query: Query, bytes: Uint8Array): DnsAnswer | 'ask over TCP' | 'ignore' => {
  const reading = readReply(query, bytes)
  if (reading.is === 'foreign') return 'ignore'
  if (reading.is !== 'reply' || reading.reply.flag_tc) return 'ask over TCP'
  return answerOf(query.question, reading.reply)
}

const closeQuietly = (socket: UdpSocket): void => {
  socket.removeAllListeners('message')
  socket.removeAllListeners('error')
  socket.on('error', () => {})
  try {
    socket.close()
  } catch {
    // Closed already, by the error that brought us here.
  }
}

const LENGTH_BYTES = 2

/** RFC 1035 §4.2.2: every message is preceded by its length. */
const askOverTcp = (server: DnsServerAddress, query: Query, signal: AbortSignal): Promise<DnsAnswer> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: server.host, port: server.port, signal })
    let received = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the resolver closed the connection')))
    socket.on('connect', () => {
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt16BE(query.bytes.length)
      socket.write(Buffer.concat([length, query.bytes]))
    })
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      const end = received.length < LENGTH_BYTES ? Number.POSITIVE_INFINITY : LENGTH_BYTES + received.readUInt16BE(0)
      if (received.length < end) return
      resolve(answerOverTcp(query, received.subarray(LENGTH_BYTES, end)))
      socket.destroy()
    })
  })

const answerOverTcp = (query: Query, bytes: Uint8Array): DnsAnswer => {
  const reading = readReply(query, bytes)
  // Over TCP the case of letters proves nothing: a forger would have to be on the path.
  if (reading.is === 'reply' || reading.is === 'other-case') return answerOf(query.question, reading.reply)
  return { outcome: 'failure', reason: 'the resolver answered with something else than what was asked' }
}
