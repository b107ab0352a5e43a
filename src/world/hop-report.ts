/** The way of one message, put together from what every part on it has logged. */
import type { FirstMessage } from './seed.ts'

export interface Hop {
  readonly domain: string
  readonly hop: string
  /** What a federator was asked to carry, where it was one. */
  readonly rpc?: string
  /** The backend that it was to carry it to. */
  readonly to?: string
  /** Microseconds since the epoch. */
  readonly at: number
}

/** The hops of one request in a backend's log. */
export function hopsIn(log: string, domain: string, requestId: string): Hop[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"hop"') && line.includes(requestId))
    .flatMap((line) => readHop(line, domain, requestId))
}

/** One line per step: who was reached, and what it took since the step before. Ways to other readers are left out. */
export function hopReport(message: FirstMessage, hops: readonly Hop[]): string {
  const onTheWay = [message.fromDomain, message.toDomain]
  const ordered = hops
    .filter(({ domain, to = message.toDomain }) => onTheWay.includes(domain) && to === message.toDomain)
    .toSorted((a, b) => a.at - b.at)
  const steps = [
    ...ordered.map(({ domain, hop, rpc, at }) => ({
      where: domain,
      what: rpc === undefined ? hop : `${hop}  ${rpc}`,
      at,
    })),
    { where: '', what: `${message.to}'s websocket`, at: message.receivedAt },
  ]
  const whereWidth = Math.max(...steps.map((step) => step.where.length))
  const whatWidth = Math.max(...steps.map((step) => step.what.length))
  let previous = message.sentAt
  const lines = steps.map(({ where, what, at }) => {
    const line = `    ${where.padEnd(whereWidth)}  ${what.padEnd(whatWidth)}  ${milliseconds(at - previous)}`
    previous = at
    return line
  })
  const total = milliseconds(message.receivedAt - message.sentAt)
  const accepted = milliseconds(message.answeredAt - message.sentAt)
  return [
    `  The way of "${message.text}" from ${message.from} to ${message.to}, and the time to each part of it:`,
    ...lines,
    `    in all ${total.trim()}; ${message.from} was told "accepted" after ${accepted.trim()}`,
  ].join('\n')
}

const milliseconds = (micros: number): string => `${(micros / 1000).toFixed(1).padStart(6)} ms`

interface LoggedHop {
  readonly hop: string
  readonly requestId: string
  readonly at: number
  readonly rpc?: string
  readonly domain?: string
}

function readHop(line: string, domain: string, requestId: string): Hop[] {
  try {
    const { hop, rpc, domain: to, at, requestId: of } = JSON.parse(line) as LoggedHop
    if (of !== requestId) return []
    return [{ domain, hop, ...(rpc !== undefined && { rpc }), ...(to !== undefined && { to }), at }]
  } catch {
    // The log is being written to; its last line may be half a one.
    return []
  }
}
