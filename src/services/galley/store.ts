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
  /** Called each time that users of ours may have lost places in conversations of others by this store. */
  onPlacesLost(listener: () => void): void
}

export const galleyStore = (db: Kysely<unknown>, bell: OutboxBell = NO_BELL): GalleyStore => {
  const listeners: (() => void)[] = []
  const tell = (): void => listeners.forEach((listener) => listener())
  return {
    ...conversationStore(db),
    standing: changeStore(db).standing,
    ...codeStore(db),
    ...creationStore(db),
    ...generationStore(db),
    ...listingStore(db),
    ...placesStore(db, tell),
    ...heardStore(db),
    ...sendingStore(db, bell),
    transaction: async (work) => {
      let hasLost = false
      const lose = (): void => void (hasLost = true)
      try {
        return await db.transaction().execute((tx) => work(inTransaction(tx, lose)))
      } finally {
        // When it fails, too: what we do not know to be committed may be.
        if (hasLost) tell()
      }
    },
    onPlacesLost: (listener) => void listeners.push(listener),
  }
}

const placesStore = (db: Kysely<unknown>, tell: () => void): MembershipStore & DepartureStore => {
  const [memberships, departures] = [membershipStore(db), departureStore(db)]
  return {
    ...memberships,
    ...departures,
    removeMemberships: (...given) => memberships.removeMemberships(...given).finally(tell),
    forgetConversation: (...given) => memberships.forgetConversation(...given).finally(tell),
    takeMemberships: (...given) => departures.takeMemberships(...given).finally(tell),
  }
}

const inTransaction = (tx: Kysely<unknown>, lose: () => void): GalleyTransaction => ({
  ...conversationStore(tx),
  ...changeStore(tx),
  ...codeStore(tx),
  ...creationStore(tx),
  ...memberStore(tx),
  ...placesStore(tx, lose),
  ...heardStore(tx),
  ...outboxStore(tx),
  ...settingsStore(tx),
})
