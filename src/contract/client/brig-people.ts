/** People as clients see them (client-users.md §2, §3), and what their requests have in common. */
import { z } from 'zod'
import { ProfileAsset, ServiceReference } from '#src/contract/federation/users.ts'
import { Handle, Name, QualifiedUserId, TeamId, Timestamp, UserId } from '#src/contract/ids.ts'
import { text } from '#src/contract/shapes.ts'
import { AccentId, BaseProtocol } from '#src/contract/vocabulary.ts'
import { EMAIL_CHARACTERS_MAX, LABEL_CHARACTERS_MAX, PROFILE_ASSETS_MAX } from './brig-limits.ts'

/** Stock clients send `null` for what they leave out (client-api-versions.md §5.1): absent is `undefined` for us. */
export const optionally = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value: z.output<T> | null | undefined): z.output<T> | undefined => value ?? undefined)

/** Only bounded: what is no address is refused by the handler, with a label of its own. */
export const EmailText = z.string().max(EMAIL_CHARACTERS_MAX)

/** `en`, `de-AT`. */
export const Locale = z.string().regex(/^[a-z]{2}(?:-[A-Z]{2})?$/)

/** Free text that people gave to something. */
export const Label = text(0, LABEL_CHARACTERS_MAX)

export const TextStatus = text(1, 256)

export const ProfileAssets = z.array(ProfileAsset).max(PROFILE_ASSETS_MAX)

export const AccountStatus = z.enum(['active', 'suspended', 'deleted', 'ephemeral'])
export type AccountStatus = z.infer<typeof AccountStatus>

export const SelfProfile = z.object({
  id: UserId,
  qualified_id: QualifiedUserId,
  name: Name,
  handle: Handle.optional(),
  email: z.string().optional(),
  email_unvalidated: z.string().optional().describe('Not shown to be the user’s yet.'),
  accent_id: AccentId,
  locale: Locale,
  status: AccountStatus,
  managed_by: z.literal('wire'),
  picture: z.array(z.never()),
  assets: ProfileAssets,
  supported_protocols: z.array(BaseProtocol).max(2),
  text_status: TextStatus.optional(),
  team: TeamId.optional(),
  service: ServiceReference.optional(),
  expires_at: Timestamp.optional(),
  deleted: z.literal(true).optional(),
})
export type SelfProfile = z.infer<typeof SelfProfile>
