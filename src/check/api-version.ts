/** The first request of every call, and what its refusals mean: each says at which of the peer's checks we fail. */
import type { ClientHttp2Session } from 'node:http2'
import { z } from 'zod'
import { brigFederation } from '#src/contract/federation/brig.ts'
import type { Domain } from '#src/contract/ids.ts'
import { causeChain } from '#src/kit/errors.ts'
import type { Random } from '#src/kit/random.ts'
import { bestVersion, SUPPORTED_VERSIONS } from '#src/rpc/versions.ts'
import { type HttpAnswer, post } from './http2.ts'
import { MESSAGE_CHARACTERS_MAX } from './limits.ts'
import { srvLine } from './srv.ts'
import { failed, type Finding, type Found, ok } from './step.ts'

export interface Parties {
  readonly peer: Domain
  readonly own: Domain
  /** Our infrastructure domain and port, for the record that the peer looks up. */
  readonly ownHost: string
  readonly ownPort: number
  /** The target of the peer that was asked. */
  readonly host: string
  /** What we know to be wrong with our client certificate. */
  readonly ownFaults: readonly string[]
}

export interface ApiVersionPlan extends Parties {
  readonly random: Random
  readonly timeoutMs: number
}

export const checkApiVersion = async (
  session: ClientHttp2Session,
  plan: ApiVersionPlan,
): Promise<Found<HttpAnswer>> => {
  const requestId = plan.random.uuid()
  try {
    const answer = await post(session, {
      host: plan.host,
      path: '/federation/brig/api-version',
      headers: {
        'wire-origin-domain': plan.own,
        'wire-origin-request-id': requestId,
        'request-id': requestId,
        accept: 'application/json;charset=utf-8,application/json',
      },
      body: '[]',
      timeoutMs: plan.timeoutMs,
    })
    const finding = judgeAnswer(answer, plan)
    return { finding: { ...finding, details: [...(finding.details ?? []), `request id ${requestId}`] }, value: answer }
  } catch (error) {
    const finding = failed(`no answer: ${causeChain(error)}`, {
      why: 'every call between backends begins with this request',
      change: `the operator of ${plan.peer}: its ingress and federator; the request id there is ${requestId}`,
    })
    return { finding }
  }
}

export const judgeAnswer = (answer: HttpAnswer, parties: Parties): Finding =>
  answer.status === 200 ? judgeVersions(answer, parties) : judgeRefusal(answer, parties)

const judgeVersions = ({ text, contentType }: HttpAnswer, { peer }: Parties): Finding => {
  const parsed = brigFederation['api-version'].output.safeParse(parseJson(text))
  if (!parsed.success) {
    return failed(`the answer is not one to api-version (${contentType ?? 'without content type'}): ${excerpt(text)}`, {
      why: 'without a common version of the API no call can be made',
      change: `the operator of ${peer}: what its ingress hands requests to, which does not seem to be a federator`,
    })
  }
  const theirs = parsed.data.supported_versions
  const version = bestVersion(theirs)
  const data = { version: version ?? null, theirs, ours: SUPPORTED_VERSIONS }
  const sides = `theirs ${theirs.join(', ') || 'none'}; ours ${SUPPORTED_VERSIONS.join(', ')}`
  if (version !== undefined) return ok(`version ${version} (${sides})`, { data })
  return failed(`there is no common version (${sides})`, {
    data,
    why: 'every call fails with federation-version-error',
    change: `whichever of ${peer} and this backend is older: a newer release`,
  })
}

const ErrorObject = z.object({ label: z.string(), message: z.string().default('') })

const judgeRefusal = ({ status, text }: HttpAnswer, parties: Parties): Finding => {
  const error = ErrorObject.safeParse(parseJson(text)).data
  const refusal = REFUSALS.find(({ is }) => is(status, error?.label))
  const said = error ? `${error.label}: ${excerpt(error.message)}` : excerpt(text)
  return failed(`it answers ${status}: ${refusal ? refusal.fact(parties) : 'it does not serve us'}`, {
    details: [...(said === '' ? [] : [`it says: ${said}`]), ...(refusal?.isOurs ? parties.ownFaults : [])],
    why: 'every call between backends begins with this request',
    change: refusal?.change(parties) ?? `the operator of ${parties.peer}, who finds the request id in the logs there`,
    data: { status, label: error?.label ?? null },
  })
}

interface Refusal {
  readonly is: (status: number, label: string | undefined) => boolean
  /** It may lie at our client certificate. */
  readonly isOurs?: boolean
  readonly fact: (parties: Parties) => string
  readonly change: (parties: Parties) => string
}

/** federation-transport.md §9 and §11.2; the first that fits. */
const REFUSALS: readonly Refusal[] = [
  {
    is: (_status, label) => label === 'federation-denied',
    fact: ({ peer, own }) => `the policy of ${peer} does not allow ${own}`,
    change: ({ peer, own }) => `the operator of ${peer}: list ${own} among the remotes there`,
  },
  {
    is: (_status, label) => label === 'invalid-domain',
    fact: ({ peer, own }) => `${peer} finds no SRV record of ${own}`,
    change: ({ own, ownHost, ownPort }) => `in our DNS: ${srvLine({ domain: own, host: ownHost, port: ownPort })}`,
  },
  {
    is: (_status, label) => label === 'discovery-failure',
    fact: ({ peer, own }) => `${peer} could not look up the SRV record of ${own}`,
    change: ({ own, peer }) => `the DNS servers of ${own}, or the resolvers of ${peer}; see comity check --self`,
  },
  {
    is: (_status, label) => label === 'authentication-failure',
    isOurs: true,
    fact: ({ own }) => `our client certificate names no target of the SRV record of ${own}`,
    change: ({ ownHost }) =>
      `federation.tls.certificateFile: a certificate that names ${ownHost}; see comity check --self`,
  },
  {
    is: (status, label) => status === 400 && label === undefined,
    isOurs: true,
    fact: ({ peer }) => `the ingress of ${peer} does not accept our client certificate`,
    change: ({ peer }) =>
      `federation.tls.certificateFile, if comity check --self finds fault with it; else the operator of ${peer} has to trust our authority`,
  },
  {
    is: (status) => status === 421,
    fact: ({ host }) => `its ingress serves another host name than ${host}`,
    change: ({ peer }) =>
      `the operator of ${peer}: the infrastructure domain there and the target of the SRV record must be the same`,
  },
  {
    is: (status) => status === 404,
    fact: () => 'it has no such path',
    change: ({ peer, host }) => `the operator of ${peer}: what ${host} hands /federation/ to`,
  },
  {
    is: (status) => status >= 300 && status < 400,
    fact: () => 'it sends us elsewhere, and redirects are not followed between backends',
    change: ({ peer, host }) => `the operator of ${peer}: ${host} must be the ingress of the federator, not a website`,
  },
  {
    is: (status) => status === 429 || status === 503,
    fact: () => 'it is overloaded, or the federator behind its ingress does not run',
    change: ({ peer }) => `the operator of ${peer}: try again, then look at the federator there`,
  },
  {
    is: (status) => status >= 500,
    fact: () => 'its ingress works, what is behind it does not',
    change: ({ peer }) => `the operator of ${peer}: federator and brig there`,
  },
]

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Plain text and HTML are answers too (§11.2); they have neither label nor versions.
    return undefined
  }
}

const excerpt = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > MESSAGE_CHARACTERS_MAX ? `${line.slice(0, MESSAGE_CHARACTERS_MAX)}…` : line
}
