/** How other backends can stand in the way of what a client wants. */
import { z } from 'zod'
import { failure } from '#src/kit/endpoint.ts'
import { Domain } from '../ids.ts'

/** Bare objects, without code, label and message: clients look for exactly these (client-api-versions.md §5.3). */
export const UnreachableBackends = z.object({ unreachable_backends: z.array(Domain) })
export const NonFederatingBackends = z.object({ non_federating_backends: z.tuple([Domain, Domain]) })

export const protocolNotFederated = failure(
  409,
  'federation-disabled-for-protocol',
  'Conversations of this protocol are not shared with other backends',
)
