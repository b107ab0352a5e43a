/**
 * A backend that a story plays itself: with a name in DNS and a certificate of the world's authority, but with nothing
 * behind it except what the story answers. And the same peer as a caller, at the ingress of a real backend.
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { readAll } from '#src/kit/http/wire.ts'
import { systemClock } from '#src/kit/clock.ts'
import type { Authority, Credential } from '#src/world/authority.ts'
import { LOOPBACK } from '#src/world/ports.ts'
import type { TestNetwork } from '#src/world/test-network.ts'
import { worldAuthority } from '#src/world/world-authority.ts'
import { type Answered, type Knock, knock } from '#test/federation/knock.ts'

export interface HeardCall {
  /** `brig/get-users-by-ids` */
  readonly rpc: string
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

export interface PlayedAnswer {
  readonly status?: number
  readonly body: unknown
}

export interface PlayedPeer extends AsyncDisposable {
  /** In the order of their arrival. */
  readonly calls: readonly HeardCall[]
}

export interface Part {
  readonly domain: string
  /** By `component/rpc`; what is not named is answered 404. */
  readonly answers: Readonly<Record<string, PlayedAnswer | ((call: HeardCall) => PlayedAnswer)>>
  /** Shown instead of the certificate that the world made. */
  readonly credential?: Credential
}

/** What a peer of version 2 and older ones answers when it is asked what it speaks. */
export const speaks = (...versions: readonly number[]): PlayedAnswer => ({
  body: { supported: [0, 1], supported_versions: versions },
})

export const playPeer = async ({ network }: TestNetwork, part: Part): Promise<PlayedPeer> => {
  const authority = await worldAuthority(network.layout, systemClock)
  const credential = part.credential ?? (await credentialOf(network.layout.backend(part.domain)))
  const calls: HeardCall[] = []
  const server = createSecureServer({
    cert: credential.chainPem,
    key: credential.keyPem,
    ca: authority.certificatePem,
    requestCert: true,
    rejectUnauthorized: true,
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    void answer(stream, headers, part, calls)
  })
  server.on('sessionError', () => {})
  server.on('tlsClientError', () => {})
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', (session) => sessions.add(session))
  server.listen(portOf(network, part.domain), LOOPBACK)
  await once(server, 'listening')
  return {
    calls,
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** As the backend of that name would: with its certificate, unless told otherwise. */
export const knockAs = async (
  { network }: TestNetwork,
  { from, at, ...knocked }: Knock & { readonly from: string; readonly at: string },
): Promise<Answered> => {
  const { infraDomain } = network.layout.backend(at)
  const ingress = { host: LOOPBACK, port: portOf(network, at) }
  const credential = 'credential' in knocked ? knocked.credential : await credentialOf(network.layout.backend(from))
  return knock(
    { authority: await worldAuthority(network.layout, systemClock) },
    { infraDomain, ingress },
    {
      ...knocked,
      credential,
      headers: { 'wire-origin-domain': from, 'content-type': 'application/json', ...knocked.headers },
    },
  )
}

export const authorityOf = ({ network }: TestNetwork): Promise<Authority> => worldAuthority(network.layout, systemClock)

const portOf = ({ ports }: TestNetwork['network'], domain: string): number => {
  const found = ports.backends[domain]
  if (!found) throw new Error(`${domain} has no place in this network`)
  return found.ingress
}

const credentialOf = async (layout: { certificateFile: string; keyFile: string }): Promise<Credential> => {
  const certificatePem = await readFile(layout.certificateFile, 'utf8')
  return { certificatePem, chainPem: certificatePem, keyPem: await readFile(layout.keyFile, 'utf8') }
}

const answer = async (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { answers }: Part,
  calls: HeardCall[],
): Promise<void> => {
  const rpc = (headers[':path'] ?? '').replace('/federation/', '')
  const body: unknown = JSON.parse(Buffer.from(await readAll(stream)).toString('utf8'))
  const call = { rpc, headers, body }
  calls.push(call)
  const planned = answers[rpc]
  const { status = 200, body: answered } =
    typeof planned === 'function' ? planned(call) : (planned ?? { status: 404, body: {} })
  stream.respond({ ':status': status, 'content-type': 'application/json' })
  stream.end(typeof answered === 'string' ? answered : JSON.stringify(answered))
}
