/** Assets (client-assets.md): opaque bytes with a key, and with a token unless they are for everybody. */
import { z } from 'zod'
import { AssetKey, Domain, Timestamp } from '#src/contract/ids.ts'
import { omitted } from '#src/contract/shapes.ts'
import { answer, bytes, empty, endpoint, failure, streamBody } from '#src/kit/endpoint.ts'

/** client-assets.md §2; what is not among these is refused. */
export const Retention = z.enum(['eternal', 'persistent', 'volatile', 'eternal-infrequent_access', 'expiring'])
export type Retention = z.infer<typeof Retention>

/** The first part of an upload. Other fields that clients send are for backends that audit. */
export const AssetSettings = z.object({
  public: omitted(z.boolean()).describe('Absent: false.'),
  retention: omitted(Retention).describe('Absent: persistent.'),
})
export type AssetSettings = z.infer<typeof AssetSettings>

const Token = z.string().describe('Base64url. Whoever has it may have the bytes.')

export const Asset = z.object({
  key: AssetKey,
  domain: Domain,
  token: Token.optional().describe('Absent: the asset is public.'),
  expires: Timestamp.optional().describe('Absent: never.'),
})
export type Asset = z.infer<typeof Asset>

/** The older spellings of these paths name no domain: the asset is ours. */
const AssetPath = z.object({ domain: Domain.optional(), key: AssetKey })
const OwnAssetPath = z.object({ key: AssetKey })

/** When a parameter is repeated the first one counts. */
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value)
const TOKEN_CHARACTERS_MAX = 1_000
const RANGE_CHARACTERS_MAX = 1_000

/** Text, because a token that no asset can have is a wrong one and nothing else. */
const GivenToken = z
  .preprocess(first, z.string().optional().catch(''))
  .transform((text) => text?.slice(0, TOKEN_CHARACTERS_MAX))

const notFound = failure(404, 'not-found', 'Asset not found')
const unauthorised = failure(403, 'unauthorised', 'Unauthorised operation')

export const cargoholdClient = {
  'upload-asset': endpoint('Keep an asset: its settings and its bytes, in this order.', {
    method: 'POST',
    path: '/assets',
    access: 'token',
    headers: z.object({ 'content-length': z.string().max(20).optional() }),
    body: streamBody('multipart/mixed'),
    aliases: [{ path: '/assets/v3' }],
    answers: {
      stored: answer(201, Asset, 'With its address as Location.'),
      malformed: failure(400, 'client-error', 'The body does not consist of settings and an asset'),
      'invalid-length': failure(400, 'invalid-length', 'The length of the asset is missing or not a positive number'),
      incomplete: failure(400, 'incomplete-body', 'The asset does not have the declared length'),
      unverified: failure(403, 'unverified-user', 'This account may not upload'),
      'too-large': failure(413, 'client-error', 'Asset too large'),
      'too-many': failure(420, 'client-error', 'Too many uploads at once'),
    },
  }),

  'download-asset': endpoint('The bytes of an asset, of this backend or of another one.', {
    method: 'GET',
    path: '/assets/{domain}/{key}',
    access: 'token',
    params: AssetPath,
    query: z.object({ asset_token: GivenToken.describe('If there is no header asset-token.') }),
    headers: z.object({
      'asset-token': z.string().max(TOKEN_CHARACTERS_MAX).optional(),
      range: z.string().max(RANGE_CHARACTERS_MAX).optional(),
      'if-range': z.string().max(RANGE_CHARACTERS_MAX).optional(),
    }),
    aliases: [{ path: '/assets/v4/{domain}/{key}' }, { path: '/assets/v3/{key}' }],
    answers: {
      whole: bytes(200, 'application/octet-stream'),
      part: bytes(206, 'application/octet-stream', 'The range that was asked for.'),
      elsewhere: empty(302, 'Where storage is configured so: the bytes are at this Location for a few minutes.'),
      'not-found': notFound,
      'no-such-part': failure(416, 'client-error', 'The asset has no such range'),
      'too-many': failure(420, 'client-error', 'Too many downloads at once'),
    },
  }),

  'delete-asset': endpoint('Delete an asset that the caller has uploaded.', {
    method: 'DELETE',
    path: '/assets/{domain}/{key}',
    access: 'token',
    params: AssetPath,
    aliases: [{ path: '/assets/v4/{domain}/{key}' }, { path: '/assets/v3/{key}' }],
    answers: {
      deleted: empty(200),
      unauthorised,
      'not-found': notFound,
      'not-ours': failure(422, 'federation-not-implemented', 'Assets of other backends cannot be deleted from here'),
    },
  }),

  'renew-asset-token': endpoint('Give an asset of the caller a new token; the old one is worth nothing from now on.', {
    method: 'POST',
    path: '/assets/{key}/token',
    access: 'token',
    params: OwnAssetPath,
    aliases: [{ path: '/assets/v3/{key}/token' }],
    answers: { renewed: answer(200, z.object({ token: Token })), unauthorised, 'not-found': notFound },
  }),

  'delete-asset-token': endpoint('Make an asset of the caller public.', {
    method: 'DELETE',
    path: '/assets/{key}/token',
    access: 'token',
    params: OwnAssetPath,
    aliases: [{ path: '/assets/v3/{key}/token' }],
    answers: { deleted: empty(200), unauthorised, 'not-found': notFound },
  }),
}
