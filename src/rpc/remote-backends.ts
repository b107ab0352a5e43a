/** Calling other backends: negotiate the version, send through our federator, decode, name the failure. */
import type { Domain } from '#src/contract/ids.ts'
import { brigFederation } from '#src/contract/federation/brig.ts'
import type { Clock } from '#src/kit/clock.ts'
import { DeadlineExceeded, withDeadline } from '#src/kit/deadline.ts'
import {
  ALL_VERSIONS,
  includesVersion,
  type Rpc,
  type RpcInput,
  type RpcOutput,
  type RpcShape,
} from '#src/kit/endpoint.ts'
import { Refusal } from '#src/kit/errors.ts'
import { explain } from '#src/kit/http/router.ts'
import { readAll } from '#src/kit/http/wire.ts'
import { boundedCache } from '#src/kit/lru.ts'
import { type FailedCall, FederationFailure, failureOf } from './federation-failure.ts'
import type { Component, FederatorRequest, FederatorTransport } from './federator-transport.ts'
import { CALL_TIMEOUT_MS, FEDERATION_ANSWER_BYTES_MAX, VERSIONS_CACHED_MAX, VERSIONS_TTL_MS } from './limits.ts'
import { bestVersion, SUPPORTED_VERSIONS } from './versions.ts'

export interface CallContext {
  readonly requestId: string
  /** Milliseconds for the whole call, at most {@link CALL_TIMEOUT_MS}. */
  readonly timeoutMs?: number
}

export interface RemoteBackends {
  /** Throws {@link FederationFailure}. The entry must exist in the negotiated version; see {@link versionOf}. */
  call<R extends SyncRpc>(domain: Domain, entry: R, input: RpcInput<R>, context: CallContext): Promise<RpcOutput<R>>
  /** The version that calls to this backend use; asks it unless it was asked seconds ago. */
  versionOf(domain: Domain, context: CallContext): Promise<number>
  /** Whether this backend says that it has an extension of ours; asks it unless it was asked seconds ago. */
  announces(domain: Domain, extension: string, context: CallContext): Promise<boolean>
}

/** An entry of a contract that is awaited, with its names. */
export type SyncRpc = Rpc<RpcShape, 'sync'> & { readonly service: Component; readonly name: string }

interface Needs {
  readonly ownDomain: Domain
  /** Undefined when this backend is configured without federation. */
  readonly federator: FederatorTransport | undefined
  readonly clock: Clock
}

export const remoteBackends = ({ ownDomain, federator, clock }: Needs): RemoteBackends => {
  const send = sender(ownDomain, federator)
  const versions = rememberedVersions(send, clock)
  return {
    versionOf: async (domain, context) => (await versions.of(domain, context)).version,
    announces: async (domain, extension, context) =>
      (await versions.of(domain, context)).extensions.includes(extension),
    call: async (domain, entry, input, { requestId, timeoutMs = CALL_TIMEOUT_MS }) => {
      const target = { domain, component: entry.service, rpc: entry.name }
      const isNegotiation = target.rpc === 'api-version'
      const negotiated = isNegotiation ? undefined : await versions.of(domain, { requestId, timeoutMs })
      const version = negotiated?.version
      if (version !== undefined && !includesVersion(entry.versions ?? ALL_VERSIONS, version)) {
        throw new Refusal(500, 'internal-error', {
          detail: `${target.rpc} does not exist in version ${version} of ${domain}`,
        })
      }
      try {
        return decode(entry, await send(target, { input, requestId, timeoutMs, version }), target)
      } catch (error) {
        // It may have changed its versions meanwhile (§12); the next call asks again.
        versions.forget(domain)
        throw error
      }
    },
  }
}

type Send = (target: FailedCall & { readonly component: Component }, request: CallRequest) => Promise<unknown>

const sender =
  (ownDomain: Domain, federator: FederatorTransport | undefined): Send =>
  async (target, request) => {
    if (!federator) throw notEnabled(target)
    const headers = {
      accept: 'application/json;charset=utf-8,application/json',
      'wire-origin-domain': ownDomain,
      'wire-origin-request-id': request.requestId,
      ...(request.version !== undefined && { 'x-wire-api-version': String(request.version) }),
    }
    const body = Buffer.from(JSON.stringify(request.input))
    return exchange(federator, { ...target, headers, body }, request.timeoutMs)
  }

interface Negotiated {
  readonly version: number
  readonly extensions: readonly string[]
}

/** One question at a time per backend, however many calls wait for its answer. */
const rememberedVersions = (send: Send, clock: Clock) => {
  const known = boundedCache<Domain, Negotiated>({ max: VERSIONS_CACHED_MAX, ttlMs: VERSIONS_TTL_MS, clock })
  const asking = new Map<Domain, Promise<Negotiated>>()
  const ask = async (domain: Domain, context: CallContext): Promise<Negotiated> => {
    const negotiated = await negotiate(send, domain, context)
    known.set(domain, negotiated)
    return negotiated
  }
  return {
    of: async (domain: Domain, context: CallContext): Promise<Negotiated> => {
      const ready = known.get(domain) ?? asking.get(domain)
      if (ready !== undefined) return ready
      const asked = ask(domain, context).finally(() => asking.delete(domain))
      asking.set(domain, asked)
      return asked
    },
    forget: (domain: Domain): void => known.delete(domain),
  }
}

const negotiate = async (
  send: Send,
  domain: Domain,
  { requestId, timeoutMs = CALL_TIMEOUT_MS }: CallContext,
): Promise<Negotiated> => {
  const target = { domain, component: 'brig', rpc: 'api-version' } as const
  const answer = await send(target, { input: [], requestId, timeoutMs })
  const parsed = brigFederation['api-version'].output.safeParse(answer)
  if (!parsed.success) {
    throw new FederationFailure(target, 533, 'federation-version-error', { detail: 'unreadable answer to api-version' })
  }
  const theirs = parsed.data.supported_versions ?? [0]
  const version = bestVersion(theirs)
  if (version === undefined) throw noCommonVersion(target, theirs)
  return { version, extensions: parsed.data.comity_extensions ?? [] }
}

interface CallRequest {
  readonly input: unknown
  readonly requestId: string
  readonly timeoutMs: number
  readonly version?: number | undefined
}

/** One request through our federator; the decoded JSON of a 2xx answer. */
const exchange = async (
  federator: FederatorTransport,
  request: FederatorRequest,
  timeoutMs: number,
): Promise<unknown> => {
  try {
    return await withDeadline(
      async (signal) => {
        const response = await federator.send({ ...request, signal })
        const body = await readAll(response.body, FEDERATION_ANSWER_BYTES_MAX)
        if (response.status < 200 || response.status > 299) throw failureOf(request, response.status, body)
        return decodeJson(request, response.headers['content-type'], body)
      },
      Math.min(timeoutMs, CALL_TIMEOUT_MS),
      `calling ${request.rpc} of ${request.domain}`,
    )
  } catch (error) {
    throw asFailure(error, request)
  }
}

export const notEnabled = (target: FailedCall): FederationFailure =>
  new FederationFailure(target, 400, 'federation-not-enabled', { detail: 'this backend does not federate' })

/** What a client is told when the exchange with our own federator ended with this error. */
export const asFailure = (error: unknown, target: FailedCall): FederationFailure => {
  if (error instanceof FederationFailure) return error
  if (error instanceof DeadlineExceeded) {
    return new FederationFailure(target, 521, 'federation-connection-refused', { detail: error.message, cause: error })
  }
  return new FederationFailure(target, 500, 'federation-not-available', {
    detail: 'our own federator cannot be reached',
    cause: error,
  })
}

const decodeJson = (target: FailedCall, type: string | readonly string[] | undefined, body: Uint8Array): unknown => {
  const mediaType = (typeof type === 'string' ? type : (type?.[0] ?? '')).split(';', 1)[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') {
    throw new FederationFailure(target, 533, 'federation-unsupported-content-type', {
      detail: `answered with ${mediaType === '' ? 'no content type' : mediaType}`,
    })
  }
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch (cause) {
    throw new FederationFailure(target, 533, 'federation-invalid-body', { detail: 'answered no valid JSON', cause })
  }
}

const decode = <R extends SyncRpc>(entry: R, answer: unknown, target: FailedCall): RpcOutput<R> => {
  const parsed = entry.output?.safeParse(answer)
  if (parsed?.success) return parsed.data as RpcOutput<R>
  throw new FederationFailure(target, 533, 'federation-invalid-body', {
    detail: parsed ? explain(parsed.error) : 'no answer was expected',
  })
}

const noCommonVersion = (target: FailedCall, theirs: readonly number[]): FederationFailure => {
  const known = theirs.filter((version) => SUPPORTED_VERSIONS.includes(version))
  const isTooOld = Math.max(...SUPPORTED_VERSIONS) > Math.max(-1, ...known)
  return new FederationFailure(target, 533, 'federation-version-error', {
    detail: `${target.domain} is too ${isTooOld ? 'old' : 'new'}: it speaks versions ${theirs.join(', ')}`,
  })
}
