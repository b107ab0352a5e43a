/** Conversations and messages: the service that knows who may speak where, and to whom. */
import { galleyClient } from '#src/contract/client/galley.ts'
import { galleyFederation } from '#src/contract/federation/galley.ts'
import type { Domain } from '#src/contract/ids.ts'
import { galleyInternal } from '#src/contract/internal/galley.ts'
import type { ConversationProtocol } from '#src/contract/vocabulary.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Route, Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { outboxMigrations } from '#src/queue/outbox.ts'
import type { OutboxBell } from '#src/queue/outbox-bell.ts'
import { clientRoutes, internalRoutes } from '#src/rpc/context.ts'
import { federationRoutes } from '#src/rpc/federation-server.ts'
import { takeBatches } from '#src/rpc/notification-batch.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import type { Database } from '#src/storage/database.ts'
import { acceptTogether } from './accept-together.ts'
import { addressBook } from './addressees.ts'
import { clientDirectory } from './client-directory.ts'
import { type CodePasswords, codePasswords } from './code-passwords.ts'
import { type Ephemera, startEphemera } from './ephemera.ts'
import { eventTimes } from './event-times.ts'
import { addMembers } from './handlers/client/add-members.ts'
import { broadcastMessage } from './handlers/client/broadcast-message.ts'
import { createConversation } from './handlers/client/create-conversation.ts'
import { createSelfConversation } from './handlers/client/create-self-conversation.ts'
import { getOwnMember } from './handlers/client/get-own-member.ts'
import { getConversation } from './handlers/client/get-conversation.ts'
import { getConversationRoles } from './handlers/client/get-conversation-roles.ts'
import { listConversationIds } from './handlers/client/list-conversation-ids.ts'
import { listConversations } from './handlers/client/list-conversations.ts'
import { listOwnConversationIds } from './handlers/client/list-own-conversation-ids.ts'
import { listOwnConversations } from './handlers/client/list-own-conversations.ts'
import { postMessage } from './handlers/client/post-message.ts'
import { postOtrMessage } from './handlers/client/post-otr-message.ts'
import { postTyping } from './handlers/client/post-typing.ts'
import { checkCode } from './handlers/client/check-code.ts'
import { createCode } from './handlers/client/create-code.ts'
import { createOneToOne } from './handlers/client/create-one-to-one.ts'
import { deleteCode } from './handlers/client/delete-code.ts'
import { deleteTeamConversation } from './handlers/client/delete-team-conversation.ts'
import { getCode } from './handlers/client/get-code.ts'
import { getGuestLinksFeature } from './handlers/client/get-guest-links-feature.ts'
import { getTeamConversationRoles } from './handlers/client/get-team-conversation-roles.ts'
import { joinByCode } from './handlers/client/join-by-code.ts'
import { joinById } from './handlers/client/join-by-id.ts'
import { seeCover } from './handlers/client/see-cover.ts'
import { removeMember } from './handlers/client/remove-member.ts'
import { renameConversation } from './handlers/client/rename-conversation.ts'
import { replaceMembers } from './handlers/client/replace-members.ts'
import { setAccess } from './handlers/client/set-access.ts'
import { setMessageTimer } from './handlers/client/set-message-timer.ts'
import { setReceiptMode } from './handlers/client/set-receipt-mode.ts'
import { updateMember } from './handlers/client/update-member.ts'
import { updateOwnMember } from './handlers/client/update-own-member.ts'
import { forgetClients } from './handlers/federation/forget-clients.ts'
import { getConversations, getConversationsV0 } from './handlers/federation/get-conversations.ts'
import { leaveConversation } from './handlers/federation/leave-conversation.ts'
import { onConversationCreated } from './handlers/federation/on-conversation-created.ts'
import { onConversationUpdated, onConversationUpdatedV0 } from './handlers/federation/on-conversation-updated.ts'
import { onMessageSent, onMessagesSent } from './handlers/federation/on-message-sent.ts'
import { onTypingIndicatorUpdated } from './handlers/federation/on-typing-indicator-updated.ts'
import { onUserDeletedConversations } from './handlers/federation/on-user-deleted-conversations.ts'
import { sendMessage } from './handlers/federation/send-message.ts'
import { updateConversation } from './handlers/federation/update-conversation.ts'
import { updateTypingIndicator } from './handlers/federation/update-typing-indicator.ts'
import { connectOneToOne } from './handlers/internal/connect-one2one.ts'
import { forgetClients as forgetOurClients } from './handlers/internal/forget-clients.ts'
import { removeUser } from './handlers/internal/remove-user.ts'
import type { GuestLinksConfig } from './guest-links.ts'
import { type LocalLane, localLane } from './local-lane.ts'
import { type Presence, presenceIn } from './presence.ts'
import type { SendingNeeds } from './send-message.ts'
import { type GalleyStore, galleyStore } from './store.ts'
import { startSweeper } from './sweeper.ts'

/** Where the tables of galley are described. */
export const galleyMigrations = new URL('./migrations/', import.meta.url)

export interface GalleyOptions {
  readonly config: {
    readonly domain: Domain
    readonly conversations: {
      readonly membersMax: number
      readonly federatedProtocols: readonly ConversationProtocol[]
      readonly guestLinks: GuestLinksConfig
    }
  }
  readonly database: Database
  readonly brig: Transport
  readonly gundeck: Transport
  readonly courier: Transport
  /** Of the courier in this process, if there is one. */
  readonly bell?: OutboxBell
  readonly remotes: RemoteBackends
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Galley extends AsyncDisposable {
  readonly routes: readonly Route[]
}

interface Needs extends GalleyOptions, SendingNeeds {
  readonly store: GalleyStore
  readonly presence: Presence
  readonly lane: LocalLane
  readonly ephemera: Ephemera
  readonly membersMax: number
  readonly federatedProtocols: readonly ConversationProtocol[]
  readonly guestLinks: GuestLinksConfig
  readonly codePasswords: CodePasswords
}

export const startGalley = async (options: GalleyOptions): Promise<Galley> => {
  const { config, database, courier, bell, clock, log } = options
  const store = galleyStore(await database.schema('galley', galleyMigrations, outboxMigrations), bell)
  const times = eventTimes(clock)
  const ephemera = startEphemera(log)
  const needs: Needs = {
    ...options,
    store,
    domain: config.domain,
    ...config.conversations,
    times,
    directory: clientDirectory({ ...options, domain: config.domain, store, ephemera }),
    addressBook: addressBook({ store, clock }),
    accepting: acceptTogether(store, times),
    presence: presenceIn({ store, clock }),
    lane: localLane({ courier, log }),
    ephemera,
    codePasswords: codePasswords(options.random),
  }
  const sweeper = startSweeper(needs)
  return {
    routes: [
      ...clientRoutes(galleyClient, clientHandlers(needs), { log }),
      ...internalRoutes(galleyInternal, internalHandlers(needs), { log }),
      ...federationRoutes('galley', galleyFederation, federationHandlers(needs), {
        log,
        clock,
        onHeard: (origin) => noteHeard(options, origin),
      }),
    ],
    [Symbol.asyncDispose]: async () => {
      await sweeper[Symbol.asyncDispose]()
      await needs.ephemera[Symbol.asyncDispose]()
    },
  }
}

type ClientHandlers = Parameters<typeof clientRoutes<typeof galleyClient>>[1]

const clientHandlers = (needs: Needs): ClientHandlers => ({
  'create-conversation': createConversation(needs),
  'create-self-conversation': createSelfConversation(needs),
  'get-conversation': getConversation(needs),
  'list-conversation-ids': listConversationIds(needs),
  'list-conversations': listConversations(needs),
  'list-own-conversations': listOwnConversations(needs),
  'list-own-conversation-ids': listOwnConversationIds(needs),
  'get-conversation-roles': getConversationRoles(needs),
  'post-message': postMessage(needs),
  'post-otr-message': postOtrMessage(needs),
  'broadcast-message': broadcastMessage(needs),
  'add-members': addMembers(needs),
  'replace-members': replaceMembers(needs),
  'remove-member': removeMember(needs),
  'update-member': updateMember(needs),
  'rename-conversation': renameConversation(needs),
  'set-message-timer': setMessageTimer(needs),
  'set-receipt-mode': setReceiptMode(needs),
  'set-access': setAccess(needs),
  'get-own-member': getOwnMember(needs),
  'update-own-member': updateOwnMember(needs),
  'post-typing': postTyping(needs),
  'create-code': createCode(needs),
  'get-code': getCode(needs),
  'delete-code': deleteCode(needs),
  'check-code': checkCode(needs),
  'see-cover': seeCover(needs),
  'join-by-code': joinByCode(needs),
  'join-by-id': joinById(needs),
  'get-guest-links-feature': getGuestLinksFeature(needs),
  'delete-team-conversation': deleteTeamConversation(needs),
  'get-team-conversation-roles': getTeamConversationRoles(needs),
  'create-one-to-one': createOneToOne(needs),
})

type InternalHandlers = Parameters<typeof internalRoutes<typeof galleyInternal>>[1]

const internalHandlers = (needs: Needs): InternalHandlers => ({
  'connect-one2one': connectOneToOne(needs),
  'forget-clients': forgetOurClients(needs),
  'remove-user': removeUser(needs),
})

type FederationHandlers = Parameters<typeof federationRoutes<typeof galleyFederation>>[2]

const federationHandlers = (needs: Needs): FederationHandlers => {
  const { 'on-notifications': _, ...single } = galleyFederation
  const handlers = singleHandlers(needs)
  const together = { 'on-message-sent': onMessagesSent(needs) }
  return { ...handlers, 'on-notifications': takeBatches(single, handlers, { together, log: needs.log }) }
}

const singleHandlers = (needs: Needs): Omit<FederationHandlers, 'on-notifications'> => ({
  'on-conversation-created': onConversationCreated(needs),
  'get-conversations-v0': getConversationsV0(needs),
  'get-conversations': getConversations(needs),
  'send-message': sendMessage(needs),
  'on-message-sent': onMessageSent(needs),
  'on-conversation-updated-v0': onConversationUpdatedV0(needs),
  'on-conversation-updated': onConversationUpdated(needs),
  'leave-conversation': leaveConversation(needs),
  'update-conversation': updateConversation(needs),
  'update-typing-indicator': updateTypingIndicator(needs),
  'on-typing-indicator-updated': onTypingIndicatorUpdated(needs),
  'forget-clients': forgetClients(needs),
  'on-user-deleted-conversations': onUserDeletedConversations(needs),
})

/** Whoever asks us something is there: what waits for it can go at once. */
const noteHeard = ({ database, log }: GalleyOptions, origin: Domain): void => {
  database.notify('peer-heard', origin).catch((error: unknown) => log.warn({ err: error, origin }, 'noting a peer'))
}
