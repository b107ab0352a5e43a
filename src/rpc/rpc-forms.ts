/** The forms of RPCs, among which the version of a request chooses (federation-transport.md §12). */
import type { Domain } from '#src/contract/ids.ts'
import { ALL_VERSIONS, includesVersion, type Rpc } from '#src/kit/endpoint.ts'

/** Who is asking: the domain our federator found in the certificate, not a claim. */
export interface FederationContext {
  readonly origin: Domain
  readonly version: number
  readonly requestId: string
}

export type FederationContract = Readonly<Record<string, Rpc>>

export interface Form {
  /** Its key in the contract. */
  readonly key: string
  readonly entry: Rpc
  readonly handler: (input: unknown, context: FederationContext) => Promise<unknown>
}

/** The form of an RPC of this name for this version, if there is one. */
export type FindForm = (name: string, version: number) => Form | undefined

export const findForm = (contract: FederationContract, handlers: Readonly<Record<string, unknown>>): FindForm => {
  const forms = new Map<string, Form[]>()
  for (const [key, entry] of Object.entries(contract)) {
    const name = entry.name ?? key
    forms.set(name, [...(forms.get(name) ?? []), { key, entry, handler: handlers[key] as Form['handler'] }])
  }
  return (name, version) => chooseForm(forms.get(name) ?? [], version)
}

/** An RPC with one form for all versions ignores the header. */
const chooseForm = (forms: readonly Form[], version: number): Form | undefined => {
  const [only] = forms
  if (forms.length === 1 && only && isForAll(only.entry)) return only
  return forms.find(({ entry }) => includesVersion(entry.versions ?? ALL_VERSIONS, version))
}

const isForAll = ({ versions = ALL_VERSIONS }: Rpc): boolean => versions.from === 0 && versions.until === undefined
