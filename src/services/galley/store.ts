/** The only SQL of galley is in the files called `store-*`; here they become one thing. Tables: `migrations/`. */
import type { Kysely } from 'kysely'
import { NO_BELL, type OutboxBell } from '#src/queue/outbox-bell.ts'
import { type ChangeStore, changeStore } from './store-changes.ts'
import { type CodeStore, codeStore } from './store-codes.ts'
import { type ConversationStore, conversationStore } from './store-conversations.ts'
import { type CreationStore, creationStore } from './store-creation.ts'
import { type DepartureStore, departureStore } from './store-departures.ts'
import { type GenerationStore, generationStore } from './store-generations.ts'
import { type HeardStore, heardStore } from './store-heard.ts'
import { type ListingStore, listingStore } from './store-listing.ts'
import { type MemberStore, memberStore } from './store-members.ts'
import { type MembershipStore, membershipStore } from './store-memberships.ts'
import { type OutboxStore, outboxStore } from './store-outbox.ts'
import { type SendingStore, sendingStore } from './store-sending.ts'
import { type SettingsStore, settingsStore } from './store-settings.ts'

/** What can be done in one transaction. Nothing in it waits for anybody but the database. */
export interface GalleyTransaction
  extends
    ConversationStore,
    ChangeStore,
    CodeStore,
    CreationStore,
    DepartureStore,
    MemberStore,
    MembershipStore,
    HeardStore,
    OutboxStore,
    SettingsStore {}

export interface GalleyStore
  extends
    ConversationStore,
    Pick<ChangeStore, 'standing'>,
    Pick<CodeStore, 'codeOf' | 'codeByKey'>,
    CreationStore,
    DepartureStore,
    GenerationStore,
    MembershipStore,
    ListingStore,
    HeardStore,
    SendingStore {
  /** All of it or nothing; committed when it returns. */
  transaction<T>(work: (tx: GalleyTransaction) => Promise<T>): Promise<T>
}

export const galleyStore = (db: Kysely<unknown>, bell: OutboxBell = NO_BELL): GalleyStore => ({
  ...conversationStore(db),
  standing: changeStore(db).standing,
  ...codeStore(db),
  ...departureStore(db),
  ...creationStore(db),
  ...generationStore(db),
  ...listingStore(db),
  ...membershipStore(db),
  ...heardStore(db),
  ...sendingStore(db, bell),
  transaction: (work) => db.transaction().execute((tx) => work(inTransaction(tx))),
})

const inTransaction = (tx: Kysely<unknown>): GalleyTransaction => ({
  ...conversationStore(tx),
  ...changeStore(tx),
  ...codeStore(tx),
  ...departureStore(tx),
  ...creationStore(tx),
  ...memberStore(tx),
  ...membershipStore(tx),
  ...heardStore(tx),
  ...outboxStore(tx),
  ...settingsStore(tx),
})
