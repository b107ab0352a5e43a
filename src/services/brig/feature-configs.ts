/** What this backend offers: Proteus messages, no teams, no calls, no MLS yet (client-users.md §10.1). */
import type { Feature } from '#src/contract/client/brig-settings.ts'

const off = { status: 'disabled', lockStatus: 'locked' } as const
const on = { status: 'enabled', lockStatus: 'unlocked' } as const

/** Clients take a missing feature for a disabled one; those named here are the ones that some client stumbles over. */
export const FEATURE_CONFIGS: Readonly<Record<string, Feature>> = {
  appLock: { ...on, config: { enforceAppLock: false, inactivityTimeoutSecs: 60 } },
  classifiedDomains: { ...off, config: { domains: [] } },
  conferenceCalling: { ...off, config: { useSFTForOneToOneCalls: false } },
  conversationGuestLinks: on,
  digitalSignatures: off,
  enforceFileDownloadLocation: { ...off, config: {} },
  fileSharing: on,
  legalhold: off,
  mls: {
    ...off,
    config: {
      protocolToggleUsers: [],
      defaultProtocol: 'proteus',
      allowedCipherSuites: [1],
      defaultCipherSuite: 1,
      supportedProtocols: ['proteus'],
    },
  },
  mlsE2EId: { ...off, config: { verificationExpiration: 86_400 } },
  mlsMigration: { ...off, config: {} },
  outlookCalIntegration: off,
  searchVisibility: off,
  searchVisibilityInbound: off,
  selfDeletingMessages: { ...on, config: { enforcedTimeoutSeconds: 0 } },
  sndFactorPasswordChallenge: off,
  sso: off,
  validateSAMLemails: off,
}
