/** One HTTP/2 session and one request on it. Without the pool, retries and waiting of the federator: nothing is hidden. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { withDeadline } from '#src/kit/deadline.ts'
import { causeChain } from '#src/kit/errors.ts'
import { readAll } from '#src/kit/http/wire.ts'
import { knownTlsProblem } from './connection.ts'
import { ANSWER_BYTES_MAX, HEADER_PAIRS_MAX } from './limits.ts'
import { failed, type Finding, type Found, ok } from './step.ts'

export interface Http2Plan {
  readonly host: string
  readonly timeoutMs: number
}

export const checkHttp2 = async (
  socket: TLSSocket,
  { host, timeoutMs }: Http2Plan,
  closing: DisposableStack,
): Promise<Found<ClientHttp2Session>> => {
  if (socket.alpnProtocol !== 'h2') {
    const finding = failed('the other end did not agree on HTTP/2 (ALPN h2)', {
      why: 'backends talk HTTP/2 to each other; other versions are not tried',
      change: `whoever runs ${host}: HTTP/2 at the ingress (nginx: http2 on)`,
    })
    return { finding }
  }
  try {
    const started = (signal: AbortSignal) => start({ socket, host, closing, signal })
    const session = await withDeadline(started, timeoutMs, 'the first SETTINGS of HTTP/2')
    const { maxConcurrentStreams } = session.remoteSettings
    const streams = (maxConcurrentStreams ?? 0) < STREAMS_UNLIMITED ? `${maxConcurrentStreams}` : 'any number of'
    return { finding: ok(`${streams} requests at once`, { data: { maxConcurrentStreams } }), value: session }
  } catch (error) {
    // With TLS 1.3 a refusal of our certificate comes only now, after the handshake.
    return { finding: knownTlsProblem(error, host) ?? judgeSilence(error, host) }
  }
}

const judgeSilence = (error: unknown, host: string): Finding =>
  failed(`TLS works, but no HTTP/2 came: ${causeChain(error)}`, {
    why: 'backends talk HTTP/2 to each other; an ingress that does not like our certificate may also just hang up',
    change: `see comity check --self; if all is well there, whoever runs ${host}: the ingress, and which authorities it trusts`,
  })

const STREAMS_UNLIMITED = 0xffff_ffff

interface StartParts {
  readonly socket: TLSSocket
  readonly host: string
  readonly closing: DisposableStack
  readonly signal: AbortSignal
}

const start = ({ socket, host, closing, signal }: StartParts): Promise<ClientHttp2Session> =>
  new Promise((resolve, reject) => {
    const hungUp = (): void => reject(socket.errored ?? new Error('the other end hung up'))
    // An alert may have come since the handshake, and a session on a closed socket would wait for ever.
    if (socket.destroyed) return hungUp()
    socket.once('close', hungUp)
    // The session of Node hears nothing of an alert that comes after the handshake.
    socket.once('error', reject)
    const session = connect(`https://${host}`, {
      createConnection: () => socket,
      maxHeaderListPairs: HEADER_PAIRS_MAX,
      settings: { enablePush: false },
    })
    closing.defer(() => session.destroy())
    signal.addEventListener('abort', () => session.destroy(), { once: true })
    session.on('error', reject)
    session.once('close', hungUp)
    session.once('remoteSettings', () => resolve(session))
  })

export interface Question {
  readonly host: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
}

export interface HttpAnswer {
  readonly status: number
  /** The `Date` header as it was sent. */
  readonly date: string | undefined
  readonly contentType: string | undefined
  readonly text: string
}

/** Rejects when no whole answer comes in time. */
export const post = (session: ClientHttp2Session, question: Question): Promise<HttpAnswer> =>
  withDeadline((signal) => exchange(session, question, signal), question.timeoutMs, `answering ${question.path}`)

const exchange = async (
  session: ClientHttp2Session,
  { host, path, headers, body }: Question,
  signal: AbortSignal,
): Promise<HttpAnswer> => {
  const head = { ':method': 'POST', ':scheme': 'https', ':authority': host, ':path': path, ...headers }
  const stream = session.request(head)
  signal.addEventListener('abort', () => stream.close(constants.NGHTTP2_CANCEL), { once: true })
  stream.end(body)
  const answered = await headersOf(stream)
  const bytes = await readAll(stream, ANSWER_BYTES_MAX)
  return { ...answered, text: Buffer.from(bytes).toString('utf8') }
}

const headersOf = (stream: ClientHttp2Stream): Promise<Omit<HttpAnswer, 'text'>> =>
  new Promise((resolve, reject) => {
    stream.on('error', reject)
    stream.once('close', () => reject(new Error('the stream ended without an answer')))
    stream.once('response', ({ ':status': status = 0, date, 'content-type': contentType }) =>
      resolve({ status, date, contentType }),
    )
  })
