/**
 * `POST /federation/{component}/{rpc}` from an ingress in another process, which has put the certificate it verified
 * into a header (federation-transport.md §6). This port believes that header, so nothing but the ingress may reach it.
 */
import { errorResponse } from '#src/kit/http/router.ts'
import type { Log } from '#src/kit/log.ts'
import { headerOf, respond, type ServePlain } from './http1.ts'
import type { Identities } from './identity.ts'
import type { HandleInward } from './inward.ts'

export interface InwardListenerNeeds {
  readonly handle: HandleInward
  readonly identities: Identities
  readonly log: Log
}

export const serveInward =
  ({ handle, identities, log }: InwardListenerNeeds): ServePlain =>
  (request, response) => {
    const certificate = headerOf(request, 'x-ssl-certificate')
    handle({
      method: request.method ?? '',
      target: request.url ?? '',
      claims: {
        originDomain: headerOf(request, 'wire-origin-domain'),
        apiVersion: headerOf(request, 'x-wire-api-version'),
        requestId: headerOf(request, 'wire-origin-request-id'),
      },
      forwardedFor: headerOf(request, 'x-forwarded-for'),
      identity: certificate === undefined ? undefined : identities.fromHeader(certificate),
      body: request,
    }).then(
      (answered) => respond(response, answered),
      (error: unknown) => respond(response, errorResponse(error, { log, what: 'receiving from the ingress' })),
    )
  }
