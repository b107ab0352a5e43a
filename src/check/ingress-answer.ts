/** What our ingress does with somebody who has no certificate: let him in as far as HTTP, and answer 400 (§9). */
import type { ClientHttp2Session } from 'node:http2'
import { causeChain } from '#src/kit/errors.ts'
import { post } from './http2.ts'
import { failed, type Finding, ok, warning } from './step.ts'

export interface StrangerPlan {
  readonly host: string
  readonly timeoutMs: number
}

export const checkStranger = async (session: ClientHttp2Session, plan: StrangerPlan): Promise<Finding> => {
  try {
    const question = { ...plan, path: '/federation/brig/api-version', headers: {}, body: '[]' }
    return judgeStranger((await post(session, question)).status, plan.host)
  } catch (error) {
    return failed(`no answer: ${causeChain(error)}`, {
      why: 'other backends get none either',
      change: `what listens at ${plan.host}: the ingress, and its log`,
    })
  }
}

export const judgeStranger = (status: number, host: string): Finding => {
  if (status === 400) return ok('a request without client certificate is answered 400', { data: { status } })
  if (status === 421) {
    return failed(`it answers 421: it does not serve ${host}`, {
      data: { status },
      why: 'requests of other backends are for the host of the SRV record',
      change: `infraDomain, or the target of the SRV record: both must be the same host`,
    })
  }
  return failed(`a request without client certificate is answered ${status}, not 400`, {
    data: { status },
    why:
      status < 300
        ? 'whoever demands no certificate lets anybody speak for any domain'
        : 'what answers there does not behave like the ingress of a federator',
    change: `what listens at ${host}: comity serve --role ingress, or nginx as comity ingress nginx configures it`,
  })
}

/** A TLS alert instead of an answer: safe, but peers see less. */
export const judgeShutDoor = (fact: string): Finding =>
  warning(`without client certificate there is no connection (${fact})`, {
    why: 'backends expect HTTP 400, and report a TLS alert as a broken connection (525) without a reason',
    change:
      'the ingress: ssl_verify_client optional, and 400 when the certificate does not verify, as comity ingress nginx prints it',
  })
