/** The endings of federation-transport.md §11 that are not a component's answer: status, label and what goes with them. */
import { Domain } from '#src/contract/ids.ts'
import { Refusal, type RefusalDetail } from '#src/kit/errors.ts'
import { NO_BODY, type WireResponse } from '#src/kit/http/wire.ts'
import { PeerFailure } from './channel/peer-failure.ts'
import type { Discovered } from './discovery.ts'
import { type ErrorObject, messageOf, parseErrorObject } from './error-object.ts'

/** Where a call to a peer ended. `decode` is not here: that is for those who know what they asked. */
export type CallPhase = 'policy' | 'discovery' | 'connect' | 'tls' | 'http'

/** A refusal of the outward side, with what only this side knows. */
export class CallRefusal extends Refusal {
  readonly phase: CallPhase
  /** Whether the same request may succeed later without anybody changing it. */
  readonly isRetryable: boolean

  /** False when we did not try. */
  get isOfPeer(): boolean {
    return !(this.cause instanceof PeerFailure && this.cause.told !== undefined)
  }

  constructor(phase: CallPhase, isRetryable: boolean, { status, label, ...detail }: Ending) {
    super(status, label, detail)
    this.name = 'CallRefusal'
    this.phase = phase
    this.isRetryable = isRetryable
  }
}

interface Ending extends RefusalDetail {
  readonly status: number
  readonly label: string
}

export const invalidEndpoint = (detail: string): Refusal => new Refusal(403, 'invalid-endpoint', { detail })

export const federationDenied = (domain: Domain): Refusal =>
  new Refusal(400, 'federation-denied', { detail: `federation with ${domain} is not allowed` })

export const authenticationFailure = (): Refusal =>
  new Refusal(403, 'authentication-failure', {
    detail: 'the certificate names no host that the origin domain points to',
  })

/** Somebody who is not our ingress hands over requests on the inward port. */
export const notOurIngress = (): Refusal =>
  new Refusal(403, 'authentication-failure', { detail: 'only the ingress may hand over requests here' })

export const bodyTooLarge = (): Refusal => new Refusal(413, 'client-error', { detail: 'Request body too large' })

export const undiscovered = (discovered: Exclude<Discovered, { readonly outcome: 'targets' }>): Refusal =>
  discovered.outcome === 'invalid-domain'
    ? new Refusal(422, 'invalid-domain', { detail: `there is no SRV record ${discovered.name}` })
    : new Refusal(400, 'discovery-failure', {
        detail: `looking up the SRV record ${discovered.name} failed`,
        cause: new Error(discovered.reason),
      })

/** The host that was called and the path there. */
export interface CallPlace {
  readonly host: string
  readonly path: string
}

// A host that is no domain in the sense of §2 leaves `data` out.
const placeData = ({ host, path }: CallPlace): { readonly data?: unknown } => {
  const domain = Domain.safeParse(host)
  return domain.success ? { data: { type: 'federation', domain: domain.data, path } } : {}
}

const ENDINGS = {
  connect: { status: 521, label: 'federation-connection-refused', detail: 'the other backend cannot be reached' },
  tls: { status: 525, label: 'federation-tls-error', detail: 'no trusted connection to the other backend' },
  http: { status: 533, label: 'federation-http2-error', detail: 'the other backend broke off the exchange' },
} as const

export const callFailed = (failure: PeerFailure, place: CallPlace): CallRefusal => {
  const { status, label, detail } = ENDINGS[failure.phase]
  return new CallRefusal(failure.phase, true, {
    status,
    label,
    detail: `${failure.told ?? detail} (${place.host})`,
    ...placeData(place),
    cause: failure,
  })
}

/** As if the peer had been asked and had said so again. */
export const askedToWait = (
  { status, seconds }: { status: number; seconds: number },
  place: CallPlace,
): CallRefusal => {
  const message = `${place.host} asked to be left alone for ${seconds} s`
  return new CallRefusal('http', true, {
    status: 533,
    label: 'federation-remote-error',
    detail: message,
    ...placeData(place),
    inner: { code: status, label: 'unknown-error', message },
    headers: { 'retry-after': String(seconds) },
  })
}

export const remoteError = (status: number, body: Uint8Array, place: CallPlace): CallRefusal => {
  const inner: ErrorObject = parseErrorObject(body) ?? {
    code: status,
    label: 'unknown-error',
    message: messageOf(body),
  }
  // The one answer that no repetition changes (§11.2).
  const isRetryable = inner.label !== 'bad-request'
  return new CallRefusal('http', isRetryable, {
    status: 533,
    label: 'federation-remote-error',
    detail: `${place.host} answered with status ${status}`,
    ...placeData(place),
    inner,
  })
}

/** Refusals that come from reading the request have no error object (§6.2 steps 1 to 4). */
export const notFound = (): WireResponse => ({ status: 404, headers: {}, body: NO_BODY })

export const malformed = (reason: string): WireResponse => ({
  status: 400,
  headers: { 'content-type': 'text/plain;charset=utf-8' },
  body: Buffer.from(reason),
})
