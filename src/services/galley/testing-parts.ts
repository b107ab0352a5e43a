/** For tests: the other services of the backend, as far as galley asks them. */
import type { ConnectionStatus } from '#src/contract/connections.ts'
import type { ClientId, TeamId } from '#src/contract/ids.ts'
import { ConversationId, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { brigInternal, type LocalUser } from '#src/contract/internal/brig.ts'
import { courierInternal } from '#src/contract/internal/courier.ts'
import { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { TeamRole, TeamSettings } from '#src/contract/teams.ts'
import { type Fake, fake } from '#src/kit/http/fake.ts'

export interface PlayedParts {
  readonly brig: Fake
  readonly gundeck: Fake
  readonly courier: Fake
  /** Somebody of ours, with the devices he has. */
  registers(
    user: QualifiedUserId,
    options?: {
      readonly isVerified?: boolean
      readonly clients?: readonly ClientId[]
      readonly team?: TeamId
      readonly role?: TeamRole
    },
  ): void
  /** How `from` stands with `to`; the other way round only if `back` is given. */
  connects(from: QualifiedUserId, to: QualifiedUserId, status?: Status): void
  /** Teams whose conversations may have no links. */
  readonly teamsWithoutLinks: Set<TeamId>
  /** What brig promises of the clients that it is asked for. */
  promise: { promise_ms: number; changing: UserId[] }
  /** Gundeck takes nothing until this is undone. */
  gundeckIsDown: boolean
  /** What the courier answers to whoever waits for the queue. */
  isDelivered: boolean
}

export interface Status {
  readonly own: ConnectionStatus
  readonly back?: ConnectionStatus
}

const CONVERSATION = ConversationId.parse('00000000-0000-4000-8000-00000000c0de')

const found = <T>(body: T) => ({ outcome: 'found' as const, body })

export const playParts = (): PlayedParts => {
  const users = new Map<string, LocalUser>()
  const clients = new Map<string, readonly ClientId[]>()
  const connections = new Map<string, ConnectionStatus>()
  const standing = (from: QualifiedUserId, to: QualifiedUserId) => connections.get(`${keyOf(from)} ${keyOf(to)}`)
  const parts: Omit<PlayedParts, 'brig' | 'gundeck' | 'courier'> = {
    promise: { promise_ms: 0, changing: [] },
    teamsWithoutLinks: new Set(),
    gundeckIsDown: false,
    isDelivered: true,
    registers: (user, { isVerified = true, clients: devices = [], team, role = 'member' } = {}) => {
      users.set(user.id, { ...localUser(user, isVerified), ...(team && { team, team_role: role }) })
      clients.set(user.id, devices)
    },
    connects: (from, to, { own, back } = { own: 'accepted', back: 'accepted' }) => {
      connections.set(`${keyOf(from)} ${keyOf(to)}`, own)
      if (back) connections.set(`${keyOf(to)} ${keyOf(from)}`, back)
    },
  }
  const brig = fake(brigInternal, {
    'get-users': async ({ body }) => ({ outcome: 'found', body: body.users.flatMap((id) => users.get(id) ?? []) }),
    'get-team-settings': async ({ params: { team } }) => found(teamSettings(team, parts.teamsWithoutLinks.has(team))),
    'get-clients': async ({ body }) => {
      const found = body.users.map((id) => [id, (clients.get(id) ?? []).map((device) => ({ id: device }))])
      return { outcome: 'found', body: { clients: Object.fromEntries(found), ...played.promise } }
    },
    'get-connections-of': async ({ body: { from, to } }) => {
      const asking = { domain: OWN, id: from }
      const conversation = { domain: OWN, id: CONVERSATION }
      const found = to.flatMap((other) => {
        const status = standing(asking, other)
        const theirs = other.domain === OWN ? (standing(other, asking) ?? null) : null
        return status ? { to: other, status, conversation, other_status: theirs } : []
      })
      return { outcome: 'found', body: found }
    },
    ...circles(users, connections),
    'get-connections-to': async ({ body: { from, to } }) => {
      const conversation = { domain: OWN, id: CONVERSATION }
      const found = from.flatMap((id) => {
        const status = standing({ domain: OWN, id }, to)
        return status ? { from: id, status, conversation } : []
      })
      return { outcome: 'found', body: found }
    },
  })
  const gundeck = fake(gundeckInternal, {
    push: async () => {
      if (played.gundeckIsDown) throw new Error('gundeck is down')
      return { outcome: 'done', body: {} }
    },
  })
  const courier = fake(courierInternal, {
    'flush-queue': async () => ({ outcome: 'flushed', body: { delivered: played.isDelivered } }),
  })
  const played: PlayedParts = Object.assign(parts, { brig, gundeck, courier })
  return played
}

/** Who belongs together, by a team or by connections. */
const circles = (
  users: ReadonlyMap<string, LocalUser>,
  connections: ReadonlyMap<string, ConnectionStatus>,
): Pick<Parameters<typeof fake<typeof brigInternal>>[1], 'list-members-of-team' | 'list-connection-statuses'> => ({
  'list-members-of-team': async ({ params: { team } }) => {
    const members = [...users.values()].flatMap(({ id, team: theirs, team_role: role }) =>
      theirs === team && role !== null ? [{ user: id, role }] : [],
    )
    return { outcome: 'found', body: { members } }
  },
  'list-connection-statuses': async ({ body: { from, relation } }) => {
    const found = [...connections].flatMap(([key, status]) => {
      const [self = '', other = ''] = key.split(' ')
      const [id, domain] = other.split('@')
      return from.some((user) => self === `${user}@${OWN}`) && (relation ?? status) === status
        ? [{ from: UserId.parse(self.split('@')[0]), qualified_to: QualifiedUserId.parse({ id, domain }), status }]
        : []
    })
    return { outcome: 'found', body: found }
  },
})

const teamSettings = (team: TeamId, isWithoutLinks: boolean): TeamSettings => ({
  id: team,
  name: 'Team',
  creator: UserId.parse(team),
  searchVisibilityInbound: 'disabled',
  searchVisibility: 'standard',
  conversationGuestLinks: isWithoutLinks ? 'disabled' : 'enabled',
})

const OWN = 'a.example' as QualifiedUserId['domain']

const keyOf = ({ domain, id }: QualifiedUserId): string => `${id}@${domain}`

const localUser = (user: QualifiedUserId, isVerified: boolean): LocalUser => ({
  qualified_id: user,
  id: user.id,
  name: 'Somebody',
  picture: [],
  assets: [],
  accent_id: 0,
  legalhold_status: 'no_consent',
  supported_protocols: ['proteus'],
  type: 'regular',
  searchable: true,
  is_verified: isVerified,
  status: isVerified ? 'active' : 'ephemeral',
  team_role: null,
})
