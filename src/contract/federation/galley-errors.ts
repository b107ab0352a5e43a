/**
 * Refusals that travel as values inside a 200 (federation-api.md §4.14, Appendix A), and what a client is told when
 * its own backend passes one on. Only errors that an operation declares are passed on as themselves.
 */
import { z } from 'zod'
import { orNull } from '../shapes.ts'
import { ConversationPermission } from '../vocabulary.ts'
import { alternative, alternativeWith } from './shared.ts'

export interface GalleyErrorMeaning {
  readonly status: number
  readonly label: string
}

const withoutContents = {
  InvalidAction: { status: 400, label: 'invalid-actions' },
  InvalidTargetAccess: { status: 403, label: 'invalid-op' },
  TeamNotFound: { status: 404, label: 'no-team' },
  TeamMemberNotFound: { status: 404, label: 'no-team-member' },
  NotATeamMember: { status: 403, label: 'no-team-member' },
  NonBindingTeam: { status: 404, label: 'non-binding-team' },
  BroadcastLimitExceeded: { status: 400, label: 'too-many-users-to-broadcast' },
  UserBindingExists: { status: 403, label: 'binding-exists' },
  NoAddToBinding: { status: 403, label: 'binding-team' },
  TooManyTeamMembers: { status: 403, label: 'too-many-team-members' },
  TooManyTeamAdmins: { status: 403, label: 'too-many-team-admins' },
  NotConnected: { status: 403, label: 'not-connected' },
  InvalidOperation: { status: 403, label: 'invalid-op' },
  InvalidTarget: { status: 403, label: 'invalid-op' },
  ConvNotFound: { status: 404, label: 'no-conversation' },
  ConvAccessDenied: { status: 403, label: 'access-denied' },
  ConvInvalidProtocolTransition: { status: 403, label: 'invalid-protocol-transition' },
  HistoryNotSupported: { status: 400, label: 'history-not-supported' },
  MLSNotEnabled: { status: 400, label: 'mls-not-enabled' },
  MLSNonEmptyMemberList: { status: 400, label: 'non-empty-member-list' },
  MLSDuplicatePublicKey: { status: 400, label: 'mls-duplicate-public-key' },
  MLSInvalidLeafNodeIndex: { status: 400, label: 'mls-invalid-leaf-node-index' },
  MLSUnsupportedMessage: { status: 422, label: 'mls-unsupported-message' },
  MLSProposalNotFound: { status: 404, label: 'mls-proposal-not-found' },
  MLSUnsupportedProposal: { status: 422, label: 'mls-unsupported-proposal' },
  MLSProtocolErrorTag: { status: 400, label: 'mls-protocol-error' },
  MLSClientMismatch: { status: 409, label: 'mls-client-mismatch' },
  MLSStaleMessage: { status: 409, label: 'mls-stale-message' },
  MLSCommitMissingReferences: { status: 400, label: 'mls-commit-missing-references' },
  MLSSelfRemovalNotAllowed: { status: 400, label: 'mls-self-removal-not-allowed' },
  MLSGroupConversationMismatch: { status: 400, label: 'mls-group-conversation-mismatch' },
  MLSClientSenderUserMismatch: { status: 400, label: 'mls-client-sender-user-mismatch' },
  MLSWelcomeMismatch: { status: 400, label: 'mls-welcome-mismatch' },
  MLSMissingGroupInfo: { status: 404, label: 'mls-missing-group-info' },
  MLSSubConvUnsupportedConvType: { status: 403, label: 'mls-subconv-unsupported-convtype' },
  MLSSubConvClientNotInParent: { status: 403, label: 'mls-subconv-join-parent-missing' },
  MLSMigrationCriteriaNotSatisfied: { status: 400, label: 'mls-migration-criteria-not-satisfied' },
  MLSFederatedOne2OneNotSupported: { status: 400, label: 'mls-federated-one2one-not-supported' },
  MLSFederatedResetNotSupported: { status: 400, label: 'mls-federated-reset-not-supported' },
  GroupIdVersionNotSupported: { status: 400, label: 'mls-group-id-not-supported' },
  MLSLegalholdIncompatible: { status: 409, label: 'mls-legal-hold-not-allowed' },
  MLSIdentityMismatch: { status: 403, label: 'mls-identity-mismatch' },
  NoBindingTeamMembers: { status: 403, label: 'non-binding-team-members' },
  NoBindingTeam: { status: 403, label: 'no-binding-team' },
  NotAOneMemberTeam: { status: 403, label: 'not-one-member-team' },
  TooManyMembers: { status: 403, label: 'too-many-members' },
  ConvMemberNotFound: { status: 404, label: 'no-conversation-member' },
  GuestLinksDisabled: { status: 409, label: 'guest-links-disabled' },
  CodeNotFound: { status: 404, label: 'no-conversation-code' },
  InvalidConversationPassword: { status: 403, label: 'invalid-conversation-password' },
  CreateConversationCodeConflict: { status: 409, label: 'create-conv-code-conflict' },
  InvalidPermissions: { status: 403, label: 'invalid-permissions' },
  InvalidTeamStatusUpdate: { status: 403, label: 'invalid-team-status-update' },
  AccessDenied: { status: 403, label: 'access-denied' },
  CustomBackendNotFound: { status: 404, label: 'custom-backend-not-found' },
  DeleteQueueFull: { status: 503, label: 'queue-full' },
  TeamSearchVisibilityNotEnabled: { status: 403, label: 'team-search-visibility-not-enabled' },
  CannotEnableLegalHoldServiceLargeTeam: { status: 403, label: 'too-large-team-for-legalhold' },
  MissingLegalholdConsent: { status: 403, label: 'missing-legalhold-consent' },
  MissingLegalholdConsentOldClients: { status: 403, label: 'missing-legalhold-consent-old-clients' },
  NoUserLegalHoldConsent: { status: 409, label: 'legalhold-no-consent' },
  LegalHoldNotEnabled: { status: 403, label: 'legalhold-not-enabled' },
  LegalHoldDisableUnimplemented: { status: 403, label: 'legalhold-disable-unimplemented' },
  LegalHoldServiceInvalidKey: { status: 400, label: 'legalhold-invalid-key' },
  LegalHoldServiceBadResponse: { status: 400, label: 'legalhold-status-bad' },
  UserLegalHoldAlreadyEnabled: { status: 409, label: 'legalhold-already-enabled' },
  LegalHoldServiceNotRegistered: { status: 400, label: 'legalhold-not-registered' },
  LegalHoldCouldNotBlockConnections: { status: 500, label: 'legalhold-internal' },
  UserLegalHoldIllegalOperation: { status: 500, label: 'legalhold-illegal-op' },
  TooManyTeamMembersOnTeamWithLegalhold: { status: 403, label: 'too-many-members-for-legalhold' },
  NoLegalHoldDeviceAllocated: { status: 404, label: 'legalhold-no-device-allocated' },
  UserLegalHoldNotPending: { status: 412, label: 'legalhold-not-pending' },
  BulkGetMemberLimitExceeded: { status: 400, label: 'too-many-uids' },
  InvalidTeamNotificationId: { status: 400, label: 'invalid-notification-id' },
  ChannelsNotEnabled: { status: 403, label: 'channels-not-enabled' },
  NotAnMlsConversation: { status: 403, label: 'not-mls-conversation' },
  MLSReadReceiptsNotAllowed: { status: 403, label: 'mls-receipts-not-allowed' },
  MLSInvalidLeafNodeSignature: { status: 400, label: 'mls-invalid-leaf-node-signature' },
  MeetingNotFound: { status: 404, label: 'meeting-not-found' },
} as const satisfies Record<string, GalleyErrorMeaning>

export const galleyErrors = {
  ...withoutContents,
  MissingPermission: { status: 403, label: 'operation-denied' },
  ActionDenied: { status: 403, label: 'action-denied' },
  /** Never meant for a client. */
  MLSUnexpectedSenderClient: undefined,
} as const satisfies Record<string, GalleyErrorMeaning | undefined>

export type GalleyErrorTag = keyof typeof galleyErrors

/** What a role in a team may permit, as named inside `MissingPermission`. */
export const TeamPermission = z.enum([
  'CreateConversation',
  'DeleteConversation',
  'AddTeamMember',
  'RemoveTeamMember',
  'AddRemoveConvMember',
  'ModifyConvName',
  'GetBilling',
  'SetBilling',
  'SetTeamData',
  'GetMemberPermissions',
  'SetMemberPermissions',
  'GetTeamConversations',
  'DeleteTeam',
])
export type TeamPermission = z.infer<typeof TeamPermission>

export const GalleyError = z.discriminatedUnion('tag', [
  z.object({ tag: z.enum(Object.keys(withoutContents) as (keyof typeof withoutContents)[]) }),
  alternative('MLSUnexpectedSenderClient'),
  alternativeWith('ActionDenied', ConversationPermission),
  alternativeWith('MissingPermission', orNull(TeamPermission)),
])
export type GalleyError = z.infer<typeof GalleyError>
