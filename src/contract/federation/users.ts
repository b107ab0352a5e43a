/** People and their clients as other backends see them (federation-api.md §4.2 to §4.5). */
import { z } from 'zod'
import {
  AssetKey,
  ClientId,
  Domain,
  Handle,
  Name,
  PrekeyId,
  ProviderId,
  QualifiedUserId,
  ServiceId,
  TeamId,
  Timestamp,
  UserId,
} from '../ids.ts'
import { base64, map, omitted, opaqueText, orDefault, orNull, set, text } from '../shapes.ts'
import { AccentId, BaseProtocol, ClientClass, LegalHoldStatus, UserType } from '../vocabulary.ts'
import {
  APP_CATEGORY_CHARACTERS_MAX,
  CLIENTS_PER_USER_MAX,
  EMAIL_CHARACTERS_MAX,
  KEY_PACKAGE_BYTES_MAX,
  PREKEY_CHARACTERS_MAX,
  PROFILE_ASSETS_MAX,
  SIGNATURE_KEY_BYTES_MAX,
  USERS_PER_CLAIM_MAX,
  USERS_PER_LIST_MAX,
} from './limits.ts'
import { userClientMap, withOwnId } from './shared.ts'

/** A service (a bot) and who runs it. */
export const ServiceReference = z.object({ id: ServiceId, provider: ProviderId })
export type ServiceReference = z.infer<typeof ServiceReference>

export const ProfileAsset = z.object({
  key: AssetKey,
  size: omitted(z.enum(['preview', 'complete'])),
  type: z.literal('image'),
})
export type ProfileAsset = z.infer<typeof ProfileAsset>

const AppProfile = z.object({ category: text(0, APP_CATEGORY_CHARACTERS_MAX), description: text(0, 300) })

export const UserProfile = withOwnId(
  z.object({
    qualified_id: QualifiedUserId,
    id: UserId,
    name: Name,
    text_status: omitted(text(1, 256)),
    /** Deprecated: always written, as an empty array; what others write is dropped. */
    picture: z.array(z.never()).max(0).catch([]),
    assets: orDefault(z.array(ProfileAsset).max(PROFILE_ASSETS_MAX), []),
    accent_id: AccentId,
    /** Written only when true. */
    deleted: z.preprocess((value) => value || undefined, z.literal(true).optional()),
    service: omitted(ServiceReference),
    handle: omitted(Handle),
    expires_at: omitted(Timestamp),
    team: omitted(TeamId),
    email: omitted(text(1, EMAIL_CHARACTERS_MAX)),
    legalhold_status: LegalHoldStatus,
    supported_protocols: orDefault(set(BaseProtocol, 16), ['proteus']),
    type: orDefault(UserType, 'regular'),
    app: omitted(AppProfile),
    searchable: orDefault(z.boolean(), true),
  }),
)
export type UserProfile = z.infer<typeof UserProfile>

export const Contact = withOwnId(
  z.object({
    qualified_id: QualifiedUserId,
    id: UserId,
    name: Name,
    accent_id: orNull(AccentId),
    handle: orNull(Handle),
    team: orNull(TeamId),
    // COMPAT(v2): peers before 2026 do not write it (federation-api.md Appendix E).
    type: orDefault(UserType, 'regular'),
  }),
)
export type Contact = z.infer<typeof Contact>

/** A client as strangers may see it. */
export const PubClient = z.object({ id: ClientId, class: omitted(ClientClass) })
export type PubClient = z.infer<typeof PubClient>

/** Clients by user; a user without clients has an empty list. */
export const UserClientSets = map(UserId, z.array(PubClient).max(CLIENTS_PER_USER_MAX), USERS_PER_LIST_MAX)
export type UserClientSets = z.infer<typeof UserClientSets>

/** `mls` tells whether a key package for the asked cipher suite exists. */
export const ClientInfo = z.object({
  id: ClientId,
  mls_signature_key: omitted(base64(SIGNATURE_KEY_BYTES_MAX)),
  mls: z.boolean(),
})
export type ClientInfo = z.infer<typeof ClientInfo>

/** The key is a matter between clients: kept as text, never looked into. */
export const Prekey = z.object({ id: PrekeyId, key: opaqueText(PREKEY_CHARACTERS_MAX) })
export type Prekey = z.infer<typeof Prekey>

export const ClientPrekey = z.object({ client: ClientId, prekey: Prekey })
export type ClientPrekey = z.infer<typeof ClientPrekey>

export const PrekeyBundle = z.object({ user: UserId, clients: z.array(ClientPrekey).max(CLIENTS_PER_USER_MAX) })
export type PrekeyBundle = z.infer<typeof PrekeyBundle>

/** `null` where nothing could be claimed: no prekey left, or no such client. */
export const UserClientPrekeyMap = userClientMap(Prekey.nullable(), USERS_PER_CLAIM_MAX)
export type UserClientPrekeyMap = z.infer<typeof UserClientPrekeyMap>

export const ClaimedKeyPackage = z.object({
  domain: Domain,
  user: UserId,
  client: ClientId,
  key_package_ref: base64(SIGNATURE_KEY_BYTES_MAX),
  key_package: base64(KEY_PACKAGE_BYTES_MAX),
})

export type ClaimedKeyPackage = z.infer<typeof ClaimedKeyPackage>

export const KeyPackageBundle = z.object({ key_packages: z.array(ClaimedKeyPackage).max(CLIENTS_PER_USER_MAX) })
export type KeyPackageBundle = z.infer<typeof KeyPackageBundle>
