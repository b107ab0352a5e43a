/** TCP and TLS with a peer, with eyes open: what the federator would refuse is looked at here, and judged afterwards. */
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { connect, type SecureContext, type TLSSocket } from 'node:tls'
import { dial } from '#src/federation/channel/dial.ts'
import type { Clock } from '#src/kit/clock.ts'
import { DeadlineExceeded, withDeadline } from '#src/kit/deadline.ts'
import { causeChain } from '#src/kit/errors.ts'
import type { Chain } from './chain.ts'
import { CHAIN_CERTIFICATES_MAX } from './limits.ts'
import { failed, type Finding, type Found, ok, warning } from './step.ts'

export interface TcpPlan {
  readonly host: string
  readonly addresses: readonly string[]
  readonly port: number
  readonly timeoutMs: number
  readonly clock: Clock
  readonly refusalOf: (address: string) => string | undefined
}

/** Every address, at once: the federator takes the first that answers, and would never notice a broken one. */
export const checkTcp = async (plan: TcpPlan, closing: DisposableStack): Promise<Found<Socket>> => {
  const attempts = await Promise.all(plan.addresses.map((address) => attempt(address, plan)))
  const sockets = attempts.flatMap(({ socket }) => socket ?? [])
  for (const socket of sockets) {
    socket.on('error', () => {})
    closing.defer(() => socket.destroy())
  }
  const [first] = sockets
  return { finding: judgeTcp(attempts, plan), ...(first && { value: first }) }
}

export interface Attempt {
  readonly address: string
  readonly tookMs: number
  readonly socket?: Socket
  readonly problem?: string
}

const attempt = async (address: string, plan: TcpPlan): Promise<Attempt> => {
  const startedMs = plan.clock.monotonicMs()
  const took = (): number => plan.clock.monotonicMs() - startedMs
  try {
    const dialled = (signal: AbortSignal) => dial([address], plan.port, { ...plan, signal })
    const socket = await withDeadline(dialled, plan.timeoutMs, `connecting to ${address}`)
    return { address, tookMs: took(), socket }
  } catch (error) {
    return { address, tookMs: took(), problem: problemOf(error) }
  }
}

/** The words of the platform, in ours where it is known what they mean. */
export const problemOf = (error: unknown): string => {
  if (error instanceof DeadlineExceeded) return 'no answer in time: the host is down, or a firewall drops what we send'
  if (error instanceof AggregateError && error.errors.length > 0) return problemOf(error.errors[0])
  const code = codeOf(error)
  return (code !== undefined && TCP_PROBLEMS[code]) || causeChain(error)
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

const TCP_PROBLEMS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nobody listens on that port, or a firewall says no',
  EHOSTUNREACH: 'no route to that host',
  ENETUNREACH: 'no route to that network',
  ETIMEDOUT: 'no answer in time: the host is down, or a firewall drops what we send',
}

const judgeTcp = (attempts: readonly Attempt[], { host, port }: TcpPlan): Finding => {
  const details = attempts.map(({ address, tookMs, problem = 'connected' }) =>
    [`${address} port ${port}: ${problem}`, `${tookMs.toFixed(0)} ms`].join(', '),
  )
  const broken = attempts.filter(({ problem }) => problem !== undefined)
  if (broken.length === 0) return ok('connected', { details })
  const advice = {
    details,
    why: 'requests of other backends come to this address and port',
    change: `whoever runs ${host}: its ingress on port ${port}, the firewalls between, or the port of the SRV record`,
  }
  if (broken.length === attempts.length) return failed(`${host} cannot be connected to on port ${port}`, advice)
  return warning('connected, but not at every address', {
    ...advice,
    why: 'each attempt at a broken address costs time',
  })
}

export interface Handshake {
  readonly socket: TLSSocket
  readonly chain: Chain
  /** What the verifier says about signatures, dates and purpose; not about names. */
  readonly isAuthorized: boolean
  /** One reason of possibly several; to be shown, never to be decided by. */
  readonly verdict: string
}

export interface TlsPlan {
  readonly host: string
  readonly context: SecureContext
  readonly timeoutMs: number
}

export const checkTls = async (tcp: Socket, plan: TlsPlan): Promise<Found<Handshake>> => {
  try {
    const shaken = (signal: AbortSignal) => shakeHands(tcp, plan, signal)
    const handshake = await withDeadline(shaken, plan.timeoutMs, 'the TLS handshake')
    const { socket } = handshake
    const { standardName } = socket.getCipher()
    const data = { version: socket.getProtocol(), cipher: standardName, alpn: socket.alpnProtocol || null }
    const alpn = socket.alpnProtocol === 'h2' ? 'ALPN h2' : 'no ALPN h2'
    return { finding: ok(`${data.version}, ${standardName}, ${alpn}`, { data }), value: handshake }
  } catch (error) {
    return { finding: judgeHandshakeFailure(error, plan.host) }
  }
}

const shakeHands = (tcp: Socket, { host, context }: TlsPlan, signal: AbortSignal): Promise<Handshake> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      socket: tcp,
      servername: host,
      secureContext: context,
      ALPNProtocols: ['h2'],
      // Nothing that must be kept from others is sent here, and whoever answers has to be seen to be named.
      rejectUnauthorized: false,
      // Names are judged apart from the chain.
      checkServerIdentity: () => undefined,
    })
    const abort = (): void => void socket.destroy()
    signal.addEventListener('abort', abort, { once: true })
    socket.on('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed during the handshake')))
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', abort)
      const chain = chainShown(socket)
      const verdict = String(socket.authorizationError ?? '')
      if (chain) resolve({ socket, chain, isAuthorized: socket.authorized, verdict })
      else reject(new Error('the other end shows no certificate'))
    })
  })

const chainShown = (socket: TLSSocket): Chain | undefined => {
  const [leaf, ...above] = certificatesFrom(socket.getPeerX509Certificate())
  return leaf && { leaf, above }
}

const certificatesFrom = (first: X509Certificate | undefined): readonly X509Certificate[] => {
  const shown: X509Certificate[] = []
  for (let next = first; next && shown.length < CHAIN_CERTIFICATES_MAX; next = next.issuerCertificate) shown.push(next)
  return shown
}

export const judgeHandshakeFailure = (error: unknown, host: string): Finding => {
  const said =
    error instanceof DeadlineExceeded ? 'the other end accepts connections and says nothing' : causeChain(error)
  return (
    knownTlsProblem(error, host) ??
    failed(`the handshake failed: ${said}`, { why: WHY_TLS, change: `whoever runs ${host}: the ingress on that port` })
  )
}

const WHY_TLS = 'backends talk to each other by TLS 1.2 or 1.3 with certificates on both sides, and in no other way'

/** What the other end, or our own TLS, has said by a code. */
export const knownTlsProblem = (error: unknown, host: string): Finding | undefined => {
  const code = codeOf(error) ?? ''
  const known = TLS_PROBLEMS.find(({ codes }) => codes.test(code))
  return known && failed(`${known.fact} (${code})`, { why: WHY_TLS, change: known.change(host), data: { code } })
}

interface TlsProblem {
  readonly codes: RegExp
  readonly fact: string
  readonly change: (host: string) => string
}

const TLS_PROBLEMS: readonly TlsProblem[] = [
  {
    codes: /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/,
    fact: 'what answers on that port does not speak TLS',
    change: (host) => `the port of the SRV record, or whatever ${host} runs on that port`,
  },
  {
    codes: /APPLICATION_PROTOCOL/,
    fact: 'the other end does not offer HTTP/2 (ALPN h2)',
    change: (host) => `whoever runs ${host}: HTTP/2 at the ingress (nginx: http2 on)`,
  },
  {
    codes: /UNRECOGNIZED_NAME/,
    fact: 'the other end serves no such host name',
    change: (host) => `whoever runs ${host}: a virtual host of that name at the ingress`,
  },
  {
    codes:
      /UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_REQUIRED|CERTIFICATE_UNKNOWN|UNSUPPORTED_CERTIFICATE|CERTIFICATE_EXPIRED/,
    fact: 'the other end refuses our client certificate',
    change: () => 'see comity check --self; if all is well there, their operator has to trust our authority',
  },
  {
    codes: /HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_SHARED_CIPHER|INSUFFICIENT_SECURITY/,
    fact: 'there is no version of TLS or cipher that both sides accept',
    change: (host) =>
      `whoever runs ${host}: TLS 1.3, or 1.2 with ECDHE-ECDSA-AES256-GCM-SHA384 or ECDHE-RSA-AES256-GCM-SHA384`,
  },
]
