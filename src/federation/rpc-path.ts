/**
 * Which RPC a request is for, read from the path exactly as it was sent. Nothing is collapsed or normalised before:
 * `/federation/brig/../i/users` has five segments and therefore is no RPC, whatever a file system would make of it.
 */
import { Domain } from '#src/contract/ids.ts'
import { type Component, COMPONENTS } from '#src/rpc/federator-transport.ts'

export interface RpcPath {
  readonly component: Component
  readonly rpc: string
  readonly hasQuery: boolean
}

export type Parsed<T> =
  | ({ readonly outcome: 'rpc' } & T)
  | { readonly outcome: 'not-found' }
  /** The shape is right and a part is not; the reason is for people. */
  | { readonly outcome: 'malformed'; readonly reason: string }

/** `/federation/{component}/{rpc}` */
export const parseInwardPath = (target: string): Parsed<RpcPath> => {
  const { segments, hasQuery } = split(target)
  const [root, component, rpc, ...rest] = segments
  if (root !== 'federation' || !component || !rpc || rest.length > 0) return { outcome: 'not-found' }
  return parseRpc(component, rpc, hasQuery)
}

/** `/rpc/{domain}/{component}/{rpc}` */
export const parseOutwardPath = (target: string): Parsed<RpcPath & { readonly domain: Domain }> => {
  const { segments, hasQuery } = split(target)
  const [root, domain, component, rpc, ...rest] = segments
  if (root !== 'rpc' || !domain || !component || !rpc || rest.length > 0) return { outcome: 'not-found' }
  const parsedDomain = Domain.safeParse(decode(domain))
  if (!parsedDomain.success) return { outcome: 'malformed', reason: 'not a domain' }
  const parsed = parseRpc(component, rpc, hasQuery)
  return parsed.outcome === 'rpc' ? { ...parsed, domain: parsedDomain.data } : parsed
}

/** Segments as sent, without the empty one before the first slash and, once, without one after the last. */
const split = (target: string): { readonly segments: readonly string[]; readonly hasQuery: boolean } => {
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  const segments = path.split('/')
  if (segments.length > 2 && segments.at(-1) === '') segments.pop()
  // A target that does not begin with a slash has something before it, and then is no path of ours.
  const before = segments.shift()
  return { segments: before === '' ? segments : [], hasQuery: question >= 0 }
}

const RPC_NAME = /^[A-Za-z0-9_-]+$/
const RPC_NAME_CHARACTERS_MAX = 100

const parseRpc = (componentSegment: string, rpcSegment: string, hasQuery: boolean): Parsed<RpcPath> => {
  const named = decode(componentSegment)
  const component = COMPONENTS.find((known) => known === named)
  if (!component) return { outcome: 'malformed', reason: 'no such component' }
  const rpc = decode(rpcSegment)
  if (rpc === undefined || !RPC_NAME.test(rpc) || rpc.length > RPC_NAME_CHARACTERS_MAX) {
    return { outcome: 'malformed', reason: 'not the name of an RPC' }
  }
  return { outcome: 'rpc', component, rpc, hasQuery }
}

const decode = (segment: string): string | undefined => {
  try {
    return decodeURIComponent(segment)
  } catch {
    // Not UTF-8 in percent-encoding: no name that we know looks like that.
    return undefined
  }
}
