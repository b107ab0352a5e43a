/** Links by which people join groups: who may have one, what it looks like, and whether one is good (rules.md §4.5). */
import { timingSafeEqual } from 'node:crypto'
import type { ConversationId, Domain, QualifiedUserId } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { REGULAR_CONVERSATION } from '#src/contract/vocabulary.ts'
import type { Clock } from '#src/kit/clock.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Random } from '#src/kit/random.ts'
import type { CodePasswords } from './code-passwords.ts'
import { memberAmong } from './change.ts'
import type { Conversation } from './conversation.ts'
import type { EventTimes } from './event-times.ts'
import { ADMIN } from './roles.ts'
import type { GalleyStore } from './store.ts'
import type { Standing } from './store-changes.ts'
import type { GuestCode } from './store-codes.ts'

export interface GuestLinksConfig {
  readonly enabled: boolean
  readonly uri?: string | undefined
  readonly perHost: readonly { readonly host: string; readonly uri: string }[]
}

export interface LinkNeeds {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly brig: Transport
  readonly clock: Clock
  readonly times: EventTimes
  readonly random: Random
  readonly guestLinks: GuestLinksConfig
  readonly codePasswords: CodePasswords
}

/** What an app shows of a code. */
export const shownCode = ({ key, code, passwordHash }: GuestCode, base: string) => ({
  key,
  code,
  uri: linkTo(base, { key, code }),
  has_password: passwordHash !== null,
})

const linkTo = (base: string, { key, code }: Pick<GuestCode, 'key' | 'code'>): string => {
  const link = new URL(base)
  link.searchParams.set('key', key)
  link.searchParams.set('code', code)
  return link.href
}

/** Where links begin for apps that came by this host; undefined when an operator gave links to other hosts only. */
export const baseFor = ({ guestLinks, domain }: LinkNeeds, host: string | undefined): string | undefined =>
  guestLinks.perHost.length > 0
    ? guestLinks.perHost.find((one) => one.host === host)?.uri
    : (guestLinks.uri ?? `https://${domain}/conversation-join/`)

export type CodeAccess =
  | { readonly outcome: 'open'; readonly standing: Standing }
  | { readonly outcome: 'not-found' | 'access-denied' | 'links-disabled' }

/** Members may see the code, admins may make and take it. */
export const codeAccess = async (
  needs: LinkNeeds,
  { conversation: id, user, asAdmin }: { conversation: ConversationId; user: QualifiedUserId; asAdmin: boolean },
  requestId: string,
): Promise<CodeAccess> => {
  const standing = await needs.store.standing(id)
  const member = standing && memberAmong(standing, user)
  if (!standing || !member) return { outcome: 'not-found' }
  if (asAdmin && member.role !== ADMIN) return { outcome: 'access-denied' }
  if (!takesGuests(standing.conversation)) return { outcome: 'access-denied' }
  if (!(await areEnabled(needs, standing.conversation, requestId))) return { outcome: 'links-disabled' }
  return { outcome: 'open', standing }
}

const takesGuests = ({ type, access, accessRoles }: Conversation): boolean =>
  type === REGULAR_CONVERSATION &&
  access.includes('code') &&
  (accessRoles.includes('guest') || accessRoles.includes('non_team_member'))

/** A team decides for its own conversations. */
export const areEnabled = async (
  { brig, guestLinks }: LinkNeeds,
  { team }: Pick<Conversation, 'team'>,
  requestId: string,
): Promise<boolean> => {
  if (team === null || !guestLinks.enabled) return guestLinks.enabled
  const headers = { 'request-id': requestId }
  const answer = await call(brig, brigInternal['get-team-settings'], { params: { team } }, { headers })
  return answer.outcome === 'found' && answer.body.conversationGuestLinks === 'enabled'
}

export interface GivenCode {
  readonly key: string
  readonly code: string
  readonly password?: string | null | undefined
}

/** The code that was meant, if it is right. */
export const findCode = async (
  { store, clock }: LinkNeeds,
  { key, code }: GivenCode,
): Promise<GuestCode | undefined> => {
  const found = await store.codeByKey(key, clock.now())
  return found && isSame(found.code, code) ? found : undefined
}

export const isPasswordRight = async (
  { codePasswords }: LinkNeeds,
  { passwordHash }: GuestCode,
  { password }: GivenCode,
): Promise<boolean> => {
  if (passwordHash === null) return true
  return (password ?? null) !== null && codePasswords.verify(passwordHash, password ?? '')
}

// In a time that says nothing about how much of it is right.
const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
