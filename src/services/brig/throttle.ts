/**
 * Counting what strangers try, so that they cannot try without end. What is counted is named by who tries as well as by
 * what he tries at: a limit on an account alone would let anybody lock its owner out.
 */
import { isIPv6 } from 'node:net'
import { addTries, findTries, type Tried } from './store-throttles.ts'
import type { BrigDb } from './tables.ts'

export interface ThrottleRule {
  readonly kind: string
  readonly max: number
  readonly windowSeconds: number
}

export interface Throttled {
  readonly rule: ThrottleRule
  readonly subject: string
}

/** How long to wait before the next try, if it is not allowed now. */
export const waitFor = async (db: BrigDb, now: Date, throttled: readonly Throttled[]): Promise<number | undefined> => {
  const tried = await findTries(db, throttled)
  const waits = throttled.flatMap(({ rule, subject }) => {
    const found = tried.find((one) => one.kind === rule.kind && one.subject === subject)
    return found && isOver(rule, found, now) ? [secondsLeft(rule, found, now)] : []
  })
  return waits.length === 0 ? undefined : Math.max(...waits)
}

export const count = (db: BrigDb, now: Date, throttled: readonly Throttled[]): Promise<void> =>
  addTries(db, now, throttled)

/** For what counts whether it succeeds or not: how long to wait, or else it has been counted. */
export const throttle = async (db: BrigDb, now: Date, throttled: readonly Throttled[]): Promise<number | undefined> => {
  const wait = await waitFor(db, now, throttled)
  if (wait === undefined) await count(db, now, throttled)
  return wait
}

const isOver = (rule: ThrottleRule, { count: tries, since }: Tried, now: Date): boolean =>
  tries >= rule.max && since.getTime() + rule.windowSeconds * 1000 > now.getTime()

const secondsLeft = (rule: ThrottleRule, { since }: Tried, now: Date): number =>
  Math.max(1, Math.ceil((since.getTime() + rule.windowSeconds * 1000 - now.getTime()) / 1000))

/**
 * Whom an address stands for. Whoever has one of IPv6 has at least the 64 bits behind it (RFC 6177), so all of these are
 * the same one.
 */
export const networkOf = (address: string | undefined): string => {
  if (address === undefined || !isIPv6(address)) return address ?? 'unknown'
  const [head = '', tail = ''] = (address.split('%')[0] ?? '').split('::')
  const [left, right] = [groupsOf(head), groupsOf(tail)]
  const zeros = address.includes('::')
    ? Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
    : []
  return `${[...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

const groupsOf = (text: string): string[] =>
  text === ''
    ? []
    : // An IPv4 address at the end stands for two groups; which is past what we look at.
      text.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : [group]))
