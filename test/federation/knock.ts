/** A caller at an ingress who does exactly as told, right or wrong. */
import { connect as connectHttp2, constants, type OutgoingHttpHeaders } from 'node:http2'
import { request as requestHttp1 } from 'node:https'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Authority, Credential } from '#src/world/authority.ts'

/** Where somebody knocks, and by which authority the door is known. */
export interface Door {
  readonly infraDomain: string
  readonly ingress: { readonly host: string; readonly port: number }
}
export interface Surroundings {
  readonly authority: Pick<Authority, 'certificatePem'>
}

export interface Knock {
  /** What the caller shows as its client certificate; nothing if left out. */
  readonly credential?: Credential | undefined
  readonly method?: string
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: Uint8Array | string
  readonly over?: 'h2' | 'http/1.1'
  readonly authority?: string
  readonly tls?: ConnectionOptions
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
  /** Of the error object, if the body is one. */
  readonly label: string | undefined
}

const DEADLINE_MS = 60_000

export const knock = (net: Surroundings, backend: Door, knocked: Knock): Promise<Answered> =>
  withDeadline(
    knocked.over === 'http/1.1' ? overHttp1(net, backend, knocked) : overHttp2(net, backend, knocked),
    DEADLINE_MS,
    'knocking',
  )

export const tlsOptions = (
  net: Surroundings,
  { ingress, infraDomain }: Door,
  { credential, tls }: Pick<Knock, 'credential' | 'tls'>,
): ConnectionOptions => ({
  host: ingress.host,
  port: ingress.port,
  servername: infraDomain,
  ca: net.authority.certificatePem,
  ...(credential && { cert: credential.chainPem, key: credential.keyPem }),
  ...tls,
})

/** A connection on which HTTP/2 was agreed. */
export const shakeHands = (options: ConnectionOptions): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ ALPNProtocols: ['h2'], ...options }, () => resolve(socket))
    socket.once('error', reject)
  })

const overHttp2 = async (net: Surroundings, backend: Door, knocked: Knock): Promise<Answered> => {
  const socket = await shakeHands(tlsOptions(net, backend, knocked))
  const session = connectHttp2(`https://${backend.infraDomain}`, { createConnection: () => socket })
  const answered = new Promise<Answered>((resolve, reject) => {
    session.on('error', reject)
    const stream = session.request(
      {
        ':method': knocked.method ?? 'POST',
        ':path': knocked.path,
        ':authority': knocked.authority ?? backend.infraDomain,
        ...knocked.headers,
      },
      { endStream: false },
    )
    const chunks: Buffer[] = []
    let head: Record<string, unknown> = {}
    stream.on('response', (headers) => {
      head = headers
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', (error) => (head[':status'] === undefined ? reject(error) : undefined))
    stream.on('close', () => resolve(answerOf(Number(head[':status']), head, chunks)))
    stream.end(knocked.body)
  })
  try {
    return await answered
  } finally {
    session.destroy(undefined, constants.NGHTTP2_NO_ERROR)
  }
}

const overHttp1 = (net: Surroundings, backend: Door, knocked: Knock): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const request = requestHttp1({
      ...tlsOptions(net, backend, { ...knocked, tls: { ALPNProtocols: ['http/1.1'], ...knocked.tls } }),
      method: knocked.method ?? 'POST',
      path: knocked.path,
      headers: { host: knocked.authority ?? backend.infraDomain, ...knocked.headers },
      agent: false,
    })
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(answerOf(response.statusCode ?? 0, response.headers, chunks)))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(knocked.body)
  })

const answerOf = (status: number, headers: Readonly<Record<string, unknown>>, chunks: readonly Buffer[]): Answered => {
  const body = Buffer.concat(chunks).toString('utf8')
  return { status, headers, body, label: labelOf(body) }
}

const labelOf = (body: string): string | undefined => {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null && 'label' in value ? String(value.label) : undefined
  } catch {
    // Plain text or nothing.
    return undefined
  }
}
