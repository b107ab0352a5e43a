/** The TLS client towards peers (federation-transport.md §8.1). */
import type { Socket } from 'node:net'
import { X509Certificate } from 'node:crypto'
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { certificateNames } from '../identity.ts'
import type { TlsMaterial } from '../tls-material.ts'

/** Forward secrecy and authenticated encryption only (RFC 9325 §4.2); the TLS 1.2 part is what all peers offer. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
].join(':')

/**
 * A connection whose other end has proved to be `host`. Rejects on anything less, and then the socket is gone.
 * What the verifier checks by itself: chain, dates, and that an extended key usage, if any, has server
 * authentication. That the certificate names the host is checked here, by the same function as for those who
 * call us.
 */
export const secure = (socket: Socket, host: string, { tls, signal }: SecureOptions): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const secured = connect({
      socket,
      servername: host,
      secureContext: contextOf(tls),
      ALPNProtocols: ['h2'],
      rejectUnauthorized: true,
      checkServerIdentity: (_name, { raw }) =>
        certificateNames(new X509Certificate(raw), host)
          ? undefined
          : new Error(`the certificate does not name ${host}`),
    })
    const abort = (): void => void secured.destroy(asError(signal.reason))
    signal.addEventListener('abort', abort, { once: true })
    // Stays for the life of the socket: an error without a listener would end the process.
    secured.on('error', reject)
    secured.once('close', () => reject(new Error('the connection was closed during the handshake')))
    secured.once('secureConnect', () => {
      signal.removeEventListener('abort', abort)
      resolve(secured)
    })
  })

interface SecureOptions {
  readonly tls: TlsMaterial
  readonly signal: AbortSignal
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))

// Reading chain, key and anchors into OpenSSL costs more than a handshake; once per material is enough.
const contexts = new WeakMap<TlsMaterial, SecureContext>()

export const contextOf = (tls: TlsMaterial): SecureContext => {
  const known = contexts.get(tls)
  if (known) return known
  const context = createSecureContext({
    cert: tls.chainPem,
    key: tls.keyPem,
    // An empty list trusts nobody; leaving it out would trust the authorities that come with the runtime.
    ca: tls.anchors.map(String),
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
  })
  contexts.set(tls, context)
  return context
}
