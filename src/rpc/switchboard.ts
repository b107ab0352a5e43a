/**
 * Connects the parts of one backend. Parts need each other in circles, so each is handed a transport before the
 * others exist: in memory for the roles of this process, over HTTP for the rest.
 */
import { overHttp } from '#src/kit/http/client.ts'
import { inMemory } from '#src/kit/http/memory.ts'
import { PartUnreachable, type Route, type Transport } from '#src/kit/http/wire.ts'

export interface Switchboard<Part extends string> extends AsyncDisposable {
  transport(part: Part): Transport
  /** From here on requests to the part are served in this process. */
  serve(part: Part, routes: readonly Route[]): void
}

export interface SwitchboardOptions<Part extends string> {
  readonly isLocal: (part: Part) => boolean
  readonly urlOf: (part: Part) => string
}

export const switchboard = <Part extends string>({ isLocal, urlOf }: SwitchboardOptions<Part>): Switchboard<Part> => {
  const served = new Map<Part, Transport>()
  const opened = new Map<Part, Transport & AsyncDisposable>()

  const local = (part: Part): Transport => ({
    carriesValues: true,
    send: (request) =>
      served.get(part)?.send(request) ?? Promise.reject(new PartUnreachable(`${part} is not running yet`, undefined)),
  })

  const remote = (part: Part): Transport => {
    const existing = opened.get(part)
    if (existing) return existing
    const transport = overHttp(urlOf(part))
    opened.set(part, transport)
    return transport
  }

  return {
    transport: (part) => (isLocal(part) ? local(part) : remote(part)),
    serve: (part, routes) => {
      served.set(part, inMemory(routes))
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...opened.values()].map((transport) => transport[Symbol.asyncDispose]()))
    },
  }
}
