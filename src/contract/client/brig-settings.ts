/** What a client wants to know about this backend before it starts (client-users.md §9.1, §10). */
import { z } from 'zod'
import { answer, endpoint } from '#src/kit/endpoint.ts'

export const Feature = z.object({
  status: z.enum(['enabled', 'disabled']),
  lockStatus: z.enum(['locked', 'unlocked']),
  config: z.record(z.string(), z.unknown()).optional(),
})
export type Feature = z.infer<typeof Feature>

const Jwk = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() })

export const brigSettings = {
  'get-feature-configs': endpoint('Which features this backend offers.', {
    method: 'GET',
    path: '/feature-configs',
    access: 'token',
    answers: { found: answer(200, z.record(z.string(), Feature)) },
  }),

  // Served although MLS is off: `@wireapp/core` does not start without it (client-users.md §9.1).
  'get-mls-public-keys': endpoint('The keys that sign the removal of members from MLS groups.', {
    method: 'GET',
    path: '/mls/public-keys',
    access: 'token',
    query: z.object({ format: z.enum(['raw', 'jwk']).optional() }),
    answers: {
      found: answer(200, z.object({ removal: z.object({ ed25519: z.string() }) })),
      'found-jwk': answer(200, z.object({ removal: z.object({ ed25519: Jwk }) })),
    },
  }),

  'get-system-settings': endpoint('Settings of this backend.', {
    method: 'GET',
    path: '/system/settings',
    access: 'token',
    answers: { found: answer(200, z.object({ setRestrictUserCreation: z.boolean(), setEnableMls: z.boolean() })) },
  }),

  'get-public-system-settings': endpoint('Settings of this backend that strangers may know.', {
    method: 'GET',
    path: '/system/settings/unauthorized',
    access: 'public',
    answers: { found: answer(200, z.object({ setRestrictUserCreation: z.boolean() })) },
  }),
}
