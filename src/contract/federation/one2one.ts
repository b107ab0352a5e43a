/** MLS one-to-one conversations across backends (federation-api.md §4.13, §7.11). */
import { z } from 'zod'
import { UserId } from '../ids.ts'
import { base64 } from '../shapes.ts'
import { RemoteConversation, RemoteConversationV2 } from './conversations.ts'
import { SIGNATURE_KEY_BYTES_MAX } from './limits.ts'
import { alternative, alternativeWith } from './shared.ts'

const PublicKey = base64(SIGNATURE_KEY_BYTES_MAX)

/** The owner's keys by purpose; with `removal` it signs the proposals that remove clients from groups. */
export const MlsPublicKeys = z.object({
  removal: z.object({
    ed25519: PublicKey,
    ecdsa_secp256r1_sha256: PublicKey,
    ecdsa_secp384r1_sha384: PublicKey,
    ecdsa_secp521r1_sha512: PublicKey,
  }),
})
export type MlsPublicKeys = z.infer<typeof MlsPublicKeys>

export const GetOne2OneConversationRequest = z.object({ gooc_sender_user: UserId, gooc_receiver_user: UserId })
export type GetOne2OneConversationRequest = z.infer<typeof GetOne2OneConversationRequest>

// COMPAT(v1): version 1 only.
export const GetOne2OneConversationResponse = z.discriminatedUnion('tag', [
  alternativeWith('GetOne2OneConversationOk', RemoteConversation),
  alternative('GetOne2OneConversationBackendMismatch'),
  alternative('GetOne2OneConversationNotConnected'),
])
export type GetOne2OneConversationResponse = z.infer<typeof GetOne2OneConversationResponse>

export const GetOne2OneConversationResponseV2 = z.discriminatedUnion('tag', [
  alternativeWith(
    'GetOne2OneConversationV2Ok',
    z.object({ conversation: RemoteConversationV2, public_keys: MlsPublicKeys }),
  ),
  alternative('GetOne2OneConversationV2BackendMismatch'),
  alternative('GetOne2OneConversationV2NotConnected'),
  alternative('GetOne2OneConversationV2MLSNotEnabled'),
])
export type GetOne2OneConversationResponseV2 = z.infer<typeof GetOne2OneConversationResponseV2>
