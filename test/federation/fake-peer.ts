/** Somebody else's ingress, played by `node:http2`: it does what a test says, and counts who comes. */
import { once } from 'node:events'
import {
  createSecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2'
import type { SecureServerOptions } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { systemClock } from '#src/kit/clock.ts'
import type { Credential } from '#src/world/authority.ts'
import type { Net } from './net.ts'

export interface PeerStream {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly session: ServerHttp2Session
}

export interface FakePeer extends AsyncDisposable {
  readonly port: number
  /** TLS connections so far. */
  readonly connections: readonly TLSSocket[]
  /** Serial numbers of the certificates they showed. */
  readonly serialNumbers: readonly string[]
  readonly streams: readonly PeerStream[]
}

export interface FakePeerPlan {
  readonly domain: string
  readonly host?: string
  readonly credential?: Credential
  readonly tls?: SecureServerOptions
  readonly serve?: (arrived: PeerStream, count: number) => void
}

/** A backend whose SRV record points to this peer. */
export const startFakePeer = async (net: Net, plan: FakePeerPlan): Promise<FakePeer> => {
  const host = plan.host ?? `federator.${plan.domain}`
  const credential = plan.credential ?? (await net.authority.issue({ dnsNames: [host] }))
  const connections: TLSSocket[] = []
  const serialNumbers: string[] = []
  const streams: PeerStream[] = []
  const server = createSecureServer({
    cert: credential.chainPem,
    key: credential.keyPem,
    ca: net.authority.certificatePem,
    requestCert: true,
    rejectUnauthorized: true,
    ...plan.tls,
  })
  const sessions = new Set<ServerHttp2Session>()
  server.on('secureConnection', (socket) => {
    connections.push(socket)
    serialNumbers.push(socket.getPeerX509Certificate()?.serialNumber ?? '')
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
    session.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      const arrived = { stream, headers, session }
      streams.push(arrived)
      ;(plan.serve ?? answerOk)(arrived, streams.length)
    })
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  net.publish(plan.domain, [{ host, port: address.port }])
  return {
    port: address.port,
    connections,
    serialNumbers,
    streams,
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy()
      for (const socket of connections) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

export const answerOk = ({ stream }: Pick<PeerStream, 'stream'>): void => {
  stream.respond({ ':status': 200, 'content-type': 'application/json' })
  stream.end('{"ok":true}')
}

/** Only so that what hangs ends some day: on a busy machine a test waits for a state as long as it takes. */
const PATIENCE_MS = 60_000

/** Resolves once `isSo` holds; checked after every turn of the event loop. */
export const until = async (isSo: () => boolean, what: string): Promise<void> => {
  const deadline = systemClock.monotonicMs() + PATIENCE_MS
  while (!isSo()) {
    if (systemClock.monotonicMs() > deadline) throw new Error(`it never came to pass that ${what}`)
    await systemClock.sleep(2)
  }
}
