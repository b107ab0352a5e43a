/** What the door lets through, whichever version of HTTP somebody knocks with. */
import type { WireResponse } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { hop } from '#src/kit/trace.ts'
import type { RequestBody } from '../bodies.ts'
import type { PeerIdentity } from '../identity.ts'
import type { HandleInward } from '../inward.ts'
import { malformed, notFound } from '../refusals.ts'
import { requestIdOf } from '../request-id.ts'

/** The parts of a request that may matter. Headers that are not here do not get in, under whatever spelling. */
export interface Arrival {
  readonly method: string
  /** Path and query exactly as sent. */
  readonly target: string
  readonly authority: string | undefined
  readonly originDomain: string | undefined
  readonly apiVersion: string | undefined
  readonly requestId: string | undefined
  readonly traceparent: string | undefined
  readonly body: RequestBody
}

/** Who is at the other end of the connection, established when it was opened. */
export interface Knocker {
  readonly address: string | undefined
  /** Undefined without a valid client certificate. */
  readonly identity: PeerIdentity | undefined
}

export type Door = (arrival: Arrival, from: Knocker) => Promise<WireResponse>

export interface DoorNeeds {
  readonly infraDomain: string
  readonly handle: HandleInward
  readonly random: Random
  readonly log: Log
}

export const openDoor =
  ({ infraDomain, handle, random, log }: DoorNeeds): Door =>
  async (
    { method, target, authority, originDomain, apiVersion, requestId: claimed, traceparent, body },
    { identity, address },
  ) => {
    if (!identity) return malformed('a valid client certificate is required')
    if (hostOf(authority) !== infraDomain) return misdirected()
    if (!target.startsWith('/federation/')) return notFound()
    const requestId = requestIdOf(claimed, random)
    hop(log, 'ingress', requestId)
    return handle({
      method,
      target,
      claims: { originDomain, apiVersion, requestId, traceparent },
      forwardedFor: address,
      identity,
      body,
    })
  }

/** RFC 9110 §7.4: a connection that was coalesced or misrouted is told so. */
const misdirected = (): WireResponse => ({ ...malformed('this is not the host you are looking for'), status: 421 })

/** Peers send the target of the SRV record as it is: without port, perhaps with a trailing dot (§5). */
const hostOf = (authority: string | undefined): string | undefined =>
  authority?.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase()
