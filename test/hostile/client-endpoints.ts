/**
 * Everything that a client can ask for, read from the contracts that the gateway serves, so that an endpoint is under
 * attack from the day it is declared.
 */
import { z } from 'zod'
import { brigClient } from '#src/contract/client/brig.ts'
import { cargoholdClient } from '#src/contract/client/cargohold.ts'
import { galleyClient } from '#src/contract/client/galley.ts'
import { gatewayClient } from '#src/contract/client/gateway.ts'
import { gundeckClient } from '#src/contract/client/gundeck.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { courierInternal } from '#src/contract/internal/courier.ts'
import { galleyInternal } from '#src/contract/internal/galley.ts'
import { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import { BODY_LIMIT_BYTES, type EndpointShape, isBytesBody, isStreamBody, type Method } from '#src/kit/endpoint.ts'
import { textFor } from './plausible-texts.ts'

/** An endpoint in one of its spellings. */
export interface Target {
  readonly name: string
  readonly method: Method
  readonly path: string
  readonly declared: EndpointShape
  readonly bodyLimit: number
}

type Contract = Readonly<Record<string, EndpointShape>>

const targetsOf = (contract: Contract): Target[] =>
  Object.entries(contract).flatMap(([name, declared]) =>
    [{ path: declared.path, method: declared.method }, ...(declared.aliases ?? [])].map(
      ({ path, method = declared.method }) => ({
        name,
        method,
        path,
        declared,
        bodyLimit: declared.bodyLimit ?? BODY_LIMIT_BYTES,
      }),
    ),
  )

export const TARGETS: readonly Target[] = [
  brigClient,
  galleyClient,
  gundeckClient,
  cargoholdClient,
  gatewayClient,
].flatMap(targetsOf)

/** What only our own parts may ask for, on listeners that clients cannot reach. */
export const INTERNAL_TARGETS: readonly Target[] = [
  brigInternal,
  galleyInternal,
  gundeckInternal,
  courierInternal,
].flatMap(targetsOf)

export const isReadOnly = ({ method }: Target): boolean => method === 'GET' || method === 'HEAD'

export const needsToken = ({ declared }: Target): boolean => declared.access === 'token'

/** Undefined where there is no body, or one of bytes. */
export const jsonBodyOf = ({ declared: { body } }: Target): z.ZodType | undefined =>
  body === undefined || isBytesBody(body) || isStreamBody(body) ? undefined : body

const PARAMETER = /\{(\w+)\}/g

export const paramsOf = ({ path }: Target): string[] => Array.from(path.matchAll(PARAMETER), ([, name = '']) => name)

/** In the version that has this spelling: other spellings are older ones, and websockets have no version. */
export const addressOf = (target: Target, given?: Readonly<Record<string, string>>): string => {
  const isPrefixed = target.path === target.declared.path && target.path !== '/await'
  return `${isPrefixed ? '/v8' : ''}${pathOf(target, given)}`
}

/** The path with a plausible value for every parameter, or as given: text that is percent-encoded already. */
export const pathOf = (target: Target, given: Readonly<Record<string, string>> = {}): string =>
  target.path.replaceAll(
    PARAMETER,
    (_all, name: string) => given[name] ?? encodeURIComponent(textFor((text) => takesParam(target, name, text))),
  )

/** Whether the declaration takes this text as that parameter. */
export const takesParam = ({ declared: { params } }: Target, name: string, text: string): boolean => {
  const schema = params instanceof z.ZodObject ? params.shape[name] : undefined
  return schema === undefined || z.safeParse(schema, text).success
}
