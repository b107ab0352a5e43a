/** A component that remembers who reached it and answers as told. */
import { readAll, type Transport, type WireRequest, type WireResponse } from '#src/kit/http/wire.ts'

export interface FakeComponents {
  /** Every request that reached a component, in order. */
  readonly contacts: readonly Contact[]
  /** How to answer from now on. */
  answer(respond: (contact: Contact) => WireResponse | Promise<WireResponse>): void
  readonly transports: { readonly brig: Transport; readonly galley: Transport; readonly cargohold: Transport }
}

export interface Contact {
  readonly component: string
  readonly rpc: string
  readonly headers: WireRequest['headers']
  readonly body: Uint8Array
}

export const jsonAnswer = (value: unknown, status = 200): WireResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(value)),
})

export const fakeComponents = (): FakeComponents => {
  const contacts: Contact[] = []
  let respond: (contact: Contact) => WireResponse | Promise<WireResponse> = () => jsonAnswer({ ok: true })
  const transport = (component: string): Transport => ({
    send: async ({ params, headers, body, stream }) => {
      // As a real one does, it acts upon whole requests only.
      const whole = stream === undefined ? body : await readAll(stream)
      const contact = { component, rpc: params['rpc'] ?? '', headers, body: whole }
      contacts.push(contact)
      return respond(contact)
    },
  })
  return {
    contacts,
    answer: (next) => {
      respond = next
    },
    transports: { brig: transport('brig'), galley: transport('galley'), cargohold: transport('cargohold') },
  }
}
