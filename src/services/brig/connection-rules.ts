/**
 * How a connection changes. Two users of one backend share one state machine over both their statuses; with a user of
 * another backend each side has a machine of its own, and the two converge by telling each other (rules.md §2).
 */
import type { ConnectionStatus } from '#src/contract/connections.ts'
import type { RemoteConnectionAction } from '#src/contract/federation/brig.ts'

/** Without legal hold the seventh status of the protocol cannot come up. */
export type Status = Exclude<ConnectionStatus, 'missing-legalhold-consent'>

export interface LocalPair {
  readonly self: Status
  readonly other: Status
}

export type LocalStep =
  | { readonly kind: 'changed'; readonly to: LocalPair; readonly told: readonly (keyof LocalPair)[] }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused' }

const UNCHANGED: LocalStep = { kind: 'unchanged' }
const REFUSED: LocalStep = { kind: 'refused' }

/** `POST` with a user of this backend; `undefined` is no connection (client-users.md §7.1). */
export const requestLocally = (pair: LocalPair | undefined): LocalStep => {
  if (!pair) return ask
  const { self, other } = pair
  if (self === 'blocked') return REFUSED
  switch (other) {
    case 'accepted':
      return self === 'accepted' ? UNCHANGED : change(pair, { self: 'accepted', other })
    case 'sent':
      return change(pair, { self: 'accepted', other: 'accepted' })
    case 'blocked':
      // Nothing tells the asker that he is blocked: he sees his request as sent.
      return self === 'accepted' || self === 'sent' ? UNCHANGED : change(pair, { self: 'sent', other })
    case 'pending':
    case 'ignored':
    case 'cancelled':
      return ask
    default:
      return other satisfies never
  }
}

/** `PUT` with a user of this backend (client-users.md §7.2). */
export const updateLocally = (pair: LocalPair, wanted: ConnectionStatus): LocalStep => {
  const { self, other } = pair
  if (self === wanted) return UNCHANGED
  if (wanted === 'blocked') return change(pair, { self: 'blocked', other })
  switch (self) {
    case 'pending':
      if (wanted === 'ignored') return change(pair, { self: 'ignored', other })
      return wanted === 'accepted' ? accept(pair) : REFUSED
    case 'ignored':
      return wanted === 'accepted' ? accept(pair) : REFUSED
    case 'sent':
      return updateSent(pair, wanted)
    case 'blocked':
      return wanted === 'accepted' || wanted === 'sent' ? unblock(pair) : REFUSED
    case 'accepted':
    case 'cancelled':
      return REFUSED
    default:
      return self satisfies never
  }
}

/** A request, also a repeated one: both sides hear of it, whatever they saw before. */
const ask: LocalStep = { kind: 'changed', to: { self: 'sent', other: 'pending' }, told: ['self', 'other'] }

const change = (from: LocalPair, to: LocalPair): LocalStep => {
  const told = (['self', 'other'] as const).filter((side) => from[side] !== to[side])
  return told.length === 0 ? UNCHANGED : { kind: 'changed', to, told }
}

/** Who has blocked or cancelled meanwhile is left as he is. */
const accept = (pair: LocalPair): LocalStep =>
  change(pair, {
    self: 'accepted',
    other: pair.other === 'sent' || pair.other === 'pending' ? 'accepted' : pair.other,
  })

const updateSent = (pair: LocalPair, wanted: ConnectionStatus): LocalStep => {
  const { other } = pair
  if (wanted === 'accepted') {
    return other === 'sent' || other === 'accepted' ? change(pair, { self: 'accepted', other: 'accepted' }) : REFUSED
  }
  if (wanted !== 'cancelled') return REFUSED
  switch (other) {
    case 'pending':
    case 'ignored':
      return change(pair, { self: 'cancelled', other: 'cancelled' })
    case 'blocked':
    case 'cancelled':
      return change(pair, { self: 'cancelled', other })
    case 'sent':
    case 'accepted':
      return REFUSED
    default:
      return other satisfies never
  }
}

const unblock = (pair: LocalPair): LocalStep => {
  const { other } = pair
  if (other === 'sent') return change(pair, { self: 'accepted', other: 'accepted' })
  if (other === 'accepted' || other === 'blocked') return change(pair, { self: 'accepted', other })
  return change(pair, { self: 'sent', other })
}

/** What our user does to a connection with a user of another backend. */
export type LocalAction = 'connect' | 'block' | 'ignore' | 'rescind'

/** The action that a client's `PUT` asks for; `POST` is `connect`. */
export const actionFor = (wanted: ConnectionStatus): LocalAction | undefined => {
  switch (wanted) {
    case 'sent':
    case 'accepted':
      return 'connect'
    case 'blocked':
      return 'block'
    case 'ignored':
      return 'ignore'
    case 'cancelled':
      return 'rescind'
    case 'pending':
    case 'missing-legalhold-consent':
      return undefined
    default:
      return wanted satisfies never
  }
}

/** What the other backend is told before anything is stored; blocking and ignoring are nobody else's business. */
export const transmitted = (action: LocalAction): RemoteConnectionAction | undefined =>
  action === 'connect' ? 'RemoteConnect' : action === 'rescind' ? 'RemoteRescind' : undefined

type Transitions<A extends string> = Readonly<Record<Status, Partial<Readonly<Record<A, Status>>>>>

const BY_US: Transitions<LocalAction> = {
  cancelled: { connect: 'sent', block: 'blocked' },
  sent: { connect: 'sent', block: 'blocked', rescind: 'cancelled' },
  pending: { connect: 'accepted', block: 'blocked', ignore: 'ignored' },
  ignored: { connect: 'sent', block: 'blocked' },
  accepted: { connect: 'accepted', block: 'blocked', rescind: 'pending' },
  blocked: { connect: 'sent' },
}

const BY_THEM: Transitions<RemoteConnectionAction> = {
  cancelled: { RemoteConnect: 'pending' },
  sent: { RemoteConnect: 'accepted' },
  pending: { RemoteConnect: 'pending', RemoteRescind: 'cancelled' },
  ignored: { RemoteConnect: 'pending' },
  accepted: { RemoteConnect: 'accepted', RemoteRescind: 'sent' },
  blocked: {},
}

/** Our side after our own user's action, `undefined` where there is no transition. No connection is `cancelled`. */
export const afterOurs = (status: Status | undefined, action: LocalAction): Status | undefined =>
  BY_US[status ?? 'cancelled'][action]

/** Our side after the other backend told of its user's action. */
export const afterTheirs = (status: Status | undefined, action: RemoteConnectionAction): Status | undefined =>
  BY_THEM[status ?? 'cancelled'][action]

/**
 * What we answer to an action, for the other side to apply as if we had told it. It is how two sides that lost sight
 * of each other agree again (federation-api.md §6.7).
 */
export const reactionTo = (before: Status | undefined, after: Status | undefined): RemoteConnectionAction | null => {
  if (after === 'accepted' || after === 'sent') return 'RemoteConnect'
  return before === undefined && after === undefined ? 'RemoteRescind' : null
}

export interface Places {
  readonly selfIn: boolean
  readonly otherIn: boolean
}

/** Who wants to be in the conversation of a remote pair (rules.md §2.4). */
export const placesOfRemotePair = (status: Status): Places => ({
  selfIn: status === 'accepted' || status === 'sent',
  otherIn: status === 'accepted' || status === 'pending' || status === 'ignored',
})

/** Of two users of this backend each is in while he wants the connection. */
export const placesOfLocalPair = ({ self, other }: LocalPair): Places => ({
  selfIn: countsAgainstLimit(self),
  otherIn: countsAgainstLimit(other),
})

/** rules.md §2.5. */
export const countsAgainstLimit = (status: Status | undefined): boolean => status === 'accepted' || status === 'sent'
