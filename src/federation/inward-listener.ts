/**
 * `POST /federation/{component}/{rpc}` from an ingress in another process, which has put the certificate it verified
 * into a header (federation-transport.md §6). This port believes that header, so it hears nobody but the ingress: the
 * secret that both share is looked at before anything else.
 */
import { errorResponse } from '#src/kit/http/router.ts'
import type { Log } from '#src/kit/log.ts'
import { headerOf, respond, type ServePlain } from './http1.ts'
import type { Identities } from './identity.ts'
import { INGRESS_SECRET_HEADER, secretCheck } from './ingress-secret.ts'
import type { HandleInward } from './inward.ts'
import { notOurIngress } from './refusals.ts'

export interface InwardListenerNeeds {
  readonly handle: HandleInward
  readonly identities: Identities
  /** What only our ingress knows. */
  readonly secret: string
  readonly log: Log
}

export const serveInward = ({ handle, identities, secret, log }: InwardListenerNeeds): ServePlain => {
  const isOurIngress = secretCheck(secret)
  return (request, response) => {
    if (!isOurIngress(headerOf(request, INGRESS_SECRET_HEADER))) {
      log.warn({ address: request.socket.remoteAddress }, 'a request on the inward port did not come from our ingress')
      return respond(response, errorResponse(notOurIngress(), { log, what: 'receiving from the ingress' }))
    }
    const certificate = headerOf(request, 'x-ssl-certificate')
    handle({
      method: request.method ?? '',
      target: request.url ?? '',
      claims: {
        originDomain: headerOf(request, 'wire-origin-domain'),
        apiVersion: headerOf(request, 'x-wire-api-version'),
        requestId: headerOf(request, 'wire-origin-request-id'),
        traceparent: headerOf(request, 'traceparent'),
      },
      forwardedFor: headerOf(request, 'x-forwarded-for'),
      identity: certificate === undefined ? undefined : identities.fromHeader(certificate),
      body: request,
    }).then(
      (answered) => respond(response, answered),
      (error: unknown) => respond(response, errorResponse(error, { log, what: 'receiving from the ingress' })),
    )
  }
}
