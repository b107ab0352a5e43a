/**
 * The door that other backends knock at (federation-transport.md §9): TLS ends here, the client certificate is
 * verified here, and nothing passes but requests for `/federation/`, reduced to what a peer is entitled to claim.
 *
 * In one process requests go on to the inward side as values, with the identity that was established once per
 * connection. That is the fast way; `nginx-config.ts` prints the other one, for those who want nginx at the door.
 *
 * A connection without a valid certificate is let in as far as HTTP and answered 400 there: peers report an HTTP
 * status to their users, and of a TLS alert only that something failed.
 */
import { constants, type X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { createSecureContext, type TlsOptions, type TLSSocket } from 'node:tls'
import type { Clock } from '#src/kit/clock.ts'
import type { ServerConnection } from '#src/kit/http2/server.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { createIdentities, type Identities } from './identity.ts'
import { type Door, type Knocker, openDoor } from './ingress/door.ts'
import { http1Engine } from './ingress/http1-engine.ts'
import { startHttp2 } from './ingress/http2-engine.ts'
import { type ServerChain, verifiesAsServer } from './ingress/server-purpose.ts'
import { anchorForDepth } from './ingress/trust-anchors.ts'
import type { HandleInward } from './inward.ts'
import {
  INGRESS_CONNECTIONS_MAX,
  INGRESS_DRAIN_MS,
  INGRESS_HEADER_BYTES_MAX,
  INGRESS_IDLE_MS,
  INTERMEDIATES_MAX,
  REQUEST_BODY_TIMEOUT_MS,
  REQUEST_HEADERS_TIMEOUT_MS,
  TLS_HANDSHAKE_TIMEOUT_MS,
} from './limits.ts'
import type { TlsMaterial } from './tls-material.ts'
import { followTls } from './tls-reload.ts'

export interface IngressConfig {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** The host name that peers know us by; requests for another one are misdirected. */
  readonly infraDomain: string
  readonly certificateFile: string
  readonly privateKeyFile: string
  /** Authorities that client certificates must come from. */
  readonly clientCaFile: string
  /** 1: signed directly by one of them; each step more allows one intermediate. */
  readonly verifyDepth: number
  /** `compat` also takes certificates for servers only, after a verification of its own; default `strict`. */
  readonly clientCertificates?: 'strict' | 'compat'
}

export interface IngressNeeds {
  readonly config: IngressConfig
  /** The inward side: in this process, or `forwardTo` another one. */
  readonly handle: HandleInward
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Ingress extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

export const startIngress = async ({ config, handle, clock, random, log }: IngressNeeds): Promise<Ingress> => {
  const tls = await ingressTls({ config, clock, log })
  const door = openDoor({ infraDomain: config.infraDomain.toLowerCase(), handle, random, log })
  const acceptCompat = (socket: TLSSocket): X509Certificate | undefined =>
    certificateOfServer(socket, { anchors: tls.current().anchors, depth: config.verifyDepth, now: clock.now() })
  const accept = config.clientCertificates === 'compat' ? acceptCompat : () => undefined
  const recognise = recogniser(createIdentities(clock), accept)
  const { server, sessions } = createDoorServer({
    tls: tlsOptions(tls.current(), config.verifyDepth),
    door,
    recognise,
    clock,
    log,
  })
  tls.users.add(server)
  server.listen(config.port, config.host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the ingress has no port after listening')
  log.debug({ host: config.host, port: address.port }, 'ingress listens')
  return {
    host: config.host,
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      await tls[Symbol.asyncDispose]()
      await drain(server, sessions, clock)
    },
  }
}

/** The material, and the servers that are to use it: what is put into a server stays there until told otherwise. */
const ingressTls = async ({ config, clock, log }: Pick<IngressNeeds, 'config' | 'clock' | 'log'>) => {
  const { certificateFile, privateKeyFile, clientCaFile: caFile, verifyDepth } = config
  const users = new Set<Server>()
  const adopt = (material: TlsMaterial): void => {
    const options = tlsOptions(material, verifyDepth)
    // A server would have forgotten half of the old ones when it finds fault with the new.
    createSecureContext(options)
    for (const server of users) server.setSecureContext(options)
  }
  const files = { certificateFile, privateKeyFile, caFile }
  return { ...(await followTls({ files, owner: 'ingress', adopt, clock, log })), users }
}

type Recognise = (socket: TLSSocket) => Knocker

/** A second look at a connection whose certificate the TLS library did not accept. */
type AcceptRefused = (socket: TLSSocket) => X509Certificate | undefined

const certificateOfServer = (
  socket: TLSSocket,
  rules: Pick<ServerChain, 'anchors' | 'depth' | 'now'>,
): X509Certificate | undefined => {
  const leaf = socket.getPeerX509Certificate()
  if (!leaf) return undefined
  const intermediates: X509Certificate[] = []
  for (let next = leaf.issuerCertificate; next && intermediates.length < INTERMEDIATES_MAX;) {
    intermediates.push(next)
    next = next.issuerCertificate
  }
  return verifiesAsServer({ ...rules, leaf, intermediates }) ? leaf : undefined
}

/**
 * Once per connection; all its requests share the result.
 *
 * The verifier's verdict about signatures, dates, purpose and length of the chain is one bit. The reason it gives for
 * a refusal is never looked at: it keeps only the last of several, so that "wrong purpose" is also what an untrusted
 * chain may be called, and accepting that reason would accept everybody.
 */
const recogniser = (identities: Identities, accept: AcceptRefused): Recognise => {
  const known = new WeakMap<TLSSocket, Knocker>()
  return (socket) => {
    const before = known.get(socket)
    if (before) return before
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : accept(socket)
    const knocker = { address: socket.remoteAddress, identity: certificate && identities.fromCertificate(certificate) }
    known.set(socket, knocker)
    return knocker
  }
}

interface ServerParts {
  readonly tls: TlsOptions
  readonly door: Door
  readonly recognise: Recognise
  readonly clock: Clock
  readonly log: Log
}

const createDoorServer = ({ tls, door, recognise, clock, log }: ServerParts) => {
  const sessions = new Set<ServerConnection>()
  const server = createServer({ ...tls, ...HTTP1_OPTIONS }, http1Engine({ door, knockerOf: recognise, log }))
  server.maxConnections = INGRESS_CONNECTIONS_MAX
  // The listener that the platform installed speaks HTTP/1.1; which engine a connection gets is what ALPN agreed on.
  const [speakHttp1] = server.listeners('secureConnection')
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {})
    if (socket.alpnProtocol !== 'h2') return void speakHttp1?.call(server, socket)
    const session = startHttp2(socket, {
      door,
      from: recognise(socket),
      clock,
      log,
      onClosed: () => sessions.delete(session),
    })
    sessions.add(session)
  })
  // Scanners and people without certificates: not worth a line in the log, and nothing to answer.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return { server, sessions }
}

const HTTP1_OPTIONS = {
  maxHeaderSize: INGRESS_HEADER_BYTES_MAX,
  headersTimeout: REQUEST_HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_BODY_TIMEOUT_MS,
  keepAliveTimeout: INGRESS_IDLE_MS,
  requireHostHeader: true,
  noDelay: true,
} as const

/** Forward secrecy and authenticated encryption only (RFC 9325 §4.2). */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':')

const tlsOptions = ({ chainPem, keyPem, anchors }: TlsMaterial, verifyDepth: number): TlsOptions => ({
  cert: chainPem,
  key: keyPem,
  ca: anchors.map((anchor) => anchorForDepth(anchor, verifyDepth)),
  requestCert: true,
  // Not "accept": the verdict is read from the socket, and without it every request is answered 400.
  rejectUnauthorized: false,
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: CIPHERS,
  honorCipherOrder: true,
  ALPNProtocols: ['h2', 'http/1.1'],
  handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS,
  // A resumed session skips the certificate (CVE-2025-23419); a renegotiated one could change it.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
})

const drain = async (server: Server, sessions: ReadonlySet<ServerConnection>, clock: Clock): Promise<void> => {
  if (!server.listening) return
  server.close()
  server.closeIdleConnections()
  for (const session of sessions) session.drain()
  using _cutOff = clock.after(INGRESS_DRAIN_MS, () => {
    for (const session of sessions) session.destroy()
    server.closeAllConnections()
  })
  await once(server, 'close')
}
