/**
 * An authoritative DNS server for the local world and for tests: UDP and TCP on one loopback port, zones that can
 * be changed while it runs, and a hook by which a test makes it misbehave.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import * as packet from 'dns-packet'
import { answerFrom, normalise, type ResponseCode, type Zone } from './dns-zone.ts'
import {
  DNS_PORT_ATTEMPTS_MAX,
  DNS_TCP_CONNECTIONS_MAX,
  DNS_TCP_IDLE_MS,
  DNS_UDP_ANSWER_BYTES,
  DNS_UDP_ANSWER_MAX_BYTES,
} from './limits.ts'

export interface DnsQuestion {
  readonly name: string
  readonly type: string
  readonly over: 'udp' | 'tcp'
}

/**
 * What to do with a question: answer it, fail, set the truncation bit (UDP only, so that the asker comes back
 * over TCP), stay silent, or send these bytes after the asker's id.
 */
export type Treatment = 'answer' | 'servfail' | 'truncate' | 'silence' | { readonly bytes: Uint8Array }

export interface DnsServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  setZone(zone: Zone): void
  removeZone(origin: string): void
  /** Every question so far, in order of arrival. */
  readonly questions: readonly DnsQuestion[]
}

export interface DnsServerOptions {
  readonly zones?: readonly Zone[]
  readonly host?: string
  /** 0 or left out: any free one. */
  readonly port?: number
  readonly treat?: (question: DnsQuestion) => Treatment
}

export async function startDnsServer(options: DnsServerOptions = {}): Promise<DnsServer> {
  const host = options.host ?? '127.0.0.1'
  const zones = new Map((options.zones ?? []).map((zone) => [normalise(zone.origin), zone]))
  const questions: DnsQuestion[] = []
  const respond = responder({ zones, questions, treat: options.treat ?? (() => 'answer') })
  const { udp, tcp, port } = await bindBoth(host, options.port ?? 0)

  const connections = new Set<Socket>()
  udp.on('message', (query, peer) => answerUdp({ udp, query, peer }, respond))
  // A datagram that could not be sent is one that got lost: the asker repeats it.
  udp.on('error', () => undefined)
  tcp.on('connection', (socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    serveTcp(socket, respond)
  })

  return {
    host,
    port,
    questions,
    setZone: (zone) => void zones.set(normalise(zone.origin), zone),
    removeZone: (origin) => void zones.delete(normalise(origin)),
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy()
      tcp.close()
      udp.close()
      await Promise.all([once(tcp, 'close'), once(udp, 'close')])
    },
  }
}

type Respond = (query: Uint8Array, over: 'udp' | 'tcp') => Uint8Array | undefined

interface Knowledge {
  readonly zones: ReadonlyMap<string, Zone>
  readonly questions: DnsQuestion[]
  readonly treat: (question: DnsQuestion) => Treatment
}

function responder({ zones, questions, treat }: Knowledge): Respond {
  return (bytes, over) => {
    const query = decode(bytes)
    // Answering an answer would let two servers talk to each other for ever.
    if (!query || query.type === 'response') return undefined
    const [question] = query.questions ?? []
    if (!question || query.questions?.length !== 1) return encode({ query, code: 'FORMERR' })

    const asked: DnsQuestion = { name: question.name, type: question.type, over }
    questions.push(asked)
    const treatment = treat(asked)
    if (treatment === 'silence') return undefined
    if (treatment === 'servfail') return encode({ query, code: 'SERVFAIL' })
    if (treatment === 'truncate' && over === 'udp') return encode({ query, code: 'NOERROR', isTruncated: true })
    if (typeof treatment === 'object') return Buffer.concat([bytes.subarray(0, 2), treatment.bytes])

    const answer = encode({ query, ...answerFrom([...zones.values()], question) })
    const fits = over === 'tcp' || answer.length <= udpLimit(query)
    return fits ? answer : encode({ query, code: 'NOERROR', isTruncated: true })
  }
}

function decode(bytes: Uint8Array): packet.DecodedPacket | undefined {
  try {
    return packet.decode(Buffer.from(bytes))
  } catch {
    // Not DNS: there is not even an id to answer to.
    return undefined
  }
}

interface Response {
  readonly query: packet.DecodedPacket
  readonly code: ResponseCode
  readonly answers?: packet.Answer[]
  readonly authorities?: packet.Answer[]
  readonly isTruncated?: boolean
}

// RFC 1035 §4.1.1: the response code is the lowest four bits of the flags.
const RESPONSE_CODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const

function encode({ query, code, answers = [], authorities = [], isTruncated = false }: Response): Uint8Array {
  const recursionDesired = query.flag_rd ? packet.RECURSION_DESIRED : 0
  const truncated = isTruncated ? packet.TRUNCATED_RESPONSE : 0
  return packet.encode({
    type: 'response',
    ...(query.id !== undefined && { id: query.id }),
    flags: packet.AUTHORITATIVE_ANSWER | recursionDesired | truncated | RESPONSE_CODES[code],
    questions: query.questions ?? [],
    answers,
    authorities,
  })
}

/** RFC 6891 §6.2.3: the asker's payload size, where it announced one. */
function udpLimit(query: packet.DecodedPacket): number {
  const extension = query.additionals?.find((record) => record.type === 'OPT')
  const announced = extension?.type === 'OPT' ? extension.udpPayloadSize : 0
  return Math.min(Math.max(announced, DNS_UDP_ANSWER_BYTES), DNS_UDP_ANSWER_MAX_BYTES)
}

function answerUdp(of: { udp: UdpSocket; query: Uint8Array; peer: RemoteInfo }, respond: Respond): void {
  const answer = respond(of.query, 'udp')
  if (answer) of.udp.send(answer, of.peer.port, of.peer.address)
}

/** RFC 1035 §4.2.2: over TCP every message is preceded by its length in two bytes. */
function serveTcp(socket: Socket, respond: Respond): void {
  let received = Buffer.alloc(0)
  socket.setTimeout(DNS_TCP_IDLE_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0)
      const answer = respond(received.subarray(2, end), 'tcp')
      received = received.subarray(end)
      if (!answer) return void socket.destroy()
      const length = Buffer.alloc(2)
      length.writeUInt16BE(answer.length)
      socket.write(Buffer.concat([length, answer]))
    }
  })
}

async function bindBoth(host: string, port: number): Promise<{ udp: UdpSocket; tcp: Server; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const udp = await bindUdp(host, port)
    try {
      const tcp = await bindTcp(host, udp.address().port)
      return { udp, tcp, port: udp.address().port }
    } catch (cause) {
      udp.close()
      if (port !== 0 || attempt === DNS_PORT_ATTEMPTS_MAX)
        throw new Error(`binding DNS to ${host} port ${port}`, { cause })
    }
  }
}

async function bindUdp(host: string, port: number): Promise<UdpSocket> {
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  udp.bind(port, host)
  await once(udp, 'listening')
  return udp
}

async function bindTcp(host: string, port: number): Promise<Server> {
  const tcp = createServer()
  tcp.maxConnections = DNS_TCP_CONNECTIONS_MAX
  tcp.listen(port, host)
  await once(tcp, 'listening')
  return tcp
}
