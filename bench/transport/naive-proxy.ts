/** One link of the naive chain: `node naive-proxy.ts '{"is": "outward" | "ingress", …}'`. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, createServer, type IncomingMessage, request as plainRequest, type ServerResponse } from 'node:http'
import { connect, createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { pipeline } from 'node:stream'
import { TLSSocket } from 'node:tls'

export interface NaiveRole {
  readonly is: 'outward' | 'ingress'
  readonly port: number
  readonly to: number
  /** Whom the certificate at the other end must name. */
  readonly otherHost: string
}

interface Plan extends NaiveRole {
  readonly certificateFile: string
  readonly keyFile: string
  readonly authority: string
}

const plan = JSON.parse(process.argv[2] ?? '') as Plan
const credential = { cert: readFileSync(plan.certificateFile), key: readFileSync(plan.keyFile), ca: plan.authority }
const components = new Agent({ keepAlive: true, maxSockets: 256 })
const server =
  plan.is === 'outward'
    ? createServer(callPeer)
    : createSecureServer({ ...credential, requestCert: true, rejectUnauthorized: true }, callComponent)
server.listen(plan.port, '127.0.0.1', () => process.stdout.write('ready\n'))

/** `/rpc/{domain}/{component}/{rpc}` to `/federation/{component}/{rpc}` of the peer. */
const peerPath = ({ url = '' }: IncomingMessage): string => url.replace(/^\/rpc\/[^/]+/, '/federation')

function callPeer(incoming: IncomingMessage, answer: ServerResponse): void {
  const session = connect(`https://127.0.0.1:${plan.to}`, { servername: plan.otherHost, ...credential })
  session.on('error', () => answer.destroy())
  const call = session.request({
    ':method': 'POST',
    ':path': peerPath(incoming),
    ...passedOn(incoming.headers),
  })
  call.once('close', () => session.close())
  call.once('response', (headers) => {
    if (answer.destroyed) return void call.destroy()
    answer.writeHead(headers[':status'] ?? 502, passedOn(headers))
    pipeline(call, answer, () => {})
  })
  pipeline(incoming, call, () => {})
}

function callComponent(incoming: Http2ServerRequest, answer: Http2ServerResponse): void {
  const socket = incoming.stream.session?.socket
  const shown = socket instanceof TLSSocket ? socket.getPeerCertificate().raw : undefined
  if (!shown || !new X509Certificate(shown).checkHost(plan.otherHost)) return void answer.writeHead(403).end()
  const path = incoming.url?.replace(/^\/federation\/[^/]+/, '/federation')
  const component = { host: '127.0.0.1', port: plan.to, agent: components }
  const call = plainRequest({ ...component, method: 'POST', path, headers: passedOn(incoming.headers) })
  call.on('error', () => answer.destroy())
  call.once('response', (response) => {
    if (answer.destroyed) return void response.destroy()
    answer.writeHead(response.statusCode ?? 502, passedOn(response.headers))
    pipeline(response, answer, () => {})
  })
  pipeline(incoming, call, () => {})
}

const OF_ONE_CONNECTION = ['connection', 'keep-alive', 'host', 'transfer-encoding', 'date']

const passedOn = (headers: IncomingMessage['headers']): IncomingMessage['headers'] =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith(':') && !OF_ONE_CONNECTION.includes(name)),
  )
