/**
 * Somebody with an account and one device, in the verbs of a story. "Encryption" is none: what bob's device gets
 * is the text that alice typed, because every backend must treat it as opaque anyway.
 */
import { z } from 'zod'
import { systemClock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Random } from '#src/kit/random.ts'
import { AppClient, type NewAccount, type Qualified, sameForAll, type Sent } from './app-client.ts'
import type { AppEvent, AppSocket } from './app-socket.ts'
import { Inbox } from './inbox.ts'
import { PATIENCE_MS, STORED_POLL_MS } from './limits.ts'

export interface Account extends NewAccount {
  readonly handle: string
}

const Message = z.object({
  type: z.literal('conversation.otr-message-add'),
  qualified_conversation: z.object({ id: z.string(), domain: z.string() }),
  qualified_from: z.object({ id: z.string(), domain: z.string() }),
  time: z.string(),
  data: z.object({ sender: z.string(), recipient: z.string(), text: z.string() }),
})

export interface ReceivedText {
  readonly from: Qualified
  readonly text: string
  readonly time: string
  /** When the socket brought it, in microseconds since the epoch; undefined when catching up did. */
  readonly receivedAt: number | undefined
}

interface Identity {
  readonly user: Qualified
  readonly client: string
  readonly account: Account
}

export class Person implements AsyncDisposable {
  readonly app: AppClient
  readonly inbox = new Inbox()
  readonly user: Qualified
  readonly client: string
  readonly account: Account
  #socket: AppSocket | undefined
  readonly #devices = new Map<string, Record<string, Record<string, string[]>>>()

  private constructor(app: AppClient, { user, client, account }: Identity) {
    this.app = app
    this.user = user
    this.client = client
    this.account = account
  }

  /** A new account with handle and device, online. */
  static async register(clientApi: string, account: Account, random: Random): Promise<Person> {
    const app = new AppClient(clientApi, random)
    await app.register({ name: account.name, email: account.email, password: account.password })
    await app.putHandle(account.handle)
    const client = await app.createClient({ password: account.password })
    return Person.#online(app, { user: (await app.self()).qualified_id, client, account })
  }

  /** An existing account with its first device, online. Adds a device if there is none. */
  static async logIn(clientApi: string, account: Account, random: Random): Promise<Person> {
    const app = new AppClient(clientApi, random)
    await app.logIn(account)
    const [existing] = await app.clients()
    const client = existing ?? (await app.createClient({ password: account.password }))
    return Person.#online(app, { user: (await app.self()).qualified_id, client, account })
  }

  static async #online(app: AppClient, identity: Identity): Promise<Person> {
    const person = new Person(app, identity)
    await person.goOnline()
    return person
  }

  get isOnline(): boolean {
    return this.#socket?.isOpen === true
  }

  /** As apps do it: the socket first, then what was missed, then what the socket has brought meanwhile. */
  async goOnline(): Promise<void> {
    const socket = await this.app.openSocket(this.client)
    this.#socket = socket
    await this.catchUp()
    void this.#follow(socket)
  }

  async goOffline(): Promise<void> {
    await this.#socket?.[Symbol.asyncDispose]()
    this.#socket = undefined
  }

  async catchUp(): Promise<void> {
    await this.#readLog(this.inbox.lastStored)
  }

  /**
   * Waits for what is stored for the device: its own socket is not told of what it caused itself, and the queue takes
   * its time to bring it to the log. Everything stored is looked through: what the socket has brought meanwhile may have
   * its place after what is looked for.
   */
  async findsStored<T>(what: string, find: (events: readonly AppEvent[]) => T | undefined): Promise<T> {
    const look = async (signal: AbortSignal): Promise<T> => {
      for (;;) {
        await this.#readLog()
        const found = find(this.inbox.events)
        if (found !== undefined) return found
        await systemClock.sleep(STORED_POLL_MS, signal)
      }
    }
    return withDeadline(look, PATIENCE_MS, `${what}, stored for ${this.account.handle}`)
  }

  /** Finds the other by handle, asks, and the other accepts. Both have heard of it afterwards. */
  async connectWith(other: Person): Promise<void> {
    const { handle } = other.account
    const contacts = await this.app.search(handle, other.user.domain)
    const found = contacts.find((contact) => contact.handle === handle)
    if (!found) throw new Error(`${this.account.handle} does not find @${handle}@${other.user.domain}`)
    await this.app.connect(found.qualified_id)
    await other.inbox.until(`the request of ${this.account.handle}`, hasConnection(this.user, 'pending'))
    await other.app.accept(this.user)
    await this.inbox.until(`the consent of ${handle}`, hasConnection(other.user, 'accepted'))
  }

  /** A group with everybody named; returns when all of them know it. */
  async createConversation(others: readonly Person[], name = 'a conversation'): Promise<Qualified> {
    const { qualified_id } = await this.app.createConversation(
      name,
      others.map((other) => other.user),
    )
    await Promise.all(others.map((other) => other.inbox.until(`the conversation "${name}"`, hasCreated(qualified_id))))
    return qualified_id
  }

  /** Accepted by the backend, for every device of every member; a device that became known meanwhile is included. */
  async send(conversation: Qualified, text: string): Promise<Sent> {
    const status = await this.#sendOnce(conversation, text)
    if (status.isDelivered) return status
    this.#devices.delete(conversation.id)
    const again = await this.#sendOnce(conversation, text)
    if (!again.isDelivered) throw new Error(`devices are still missing: ${JSON.stringify(again.missing)}`)
    return again
  }

  async receives(conversation: Qualified, text: string): Promise<ReceivedText> {
    return this.inbox.until(`"${text}" for ${this.account.handle}`, (events) =>
      this.#texts(events, conversation).find((received) => received.text === text),
    )
  }

  /** Everything received in the conversation so far, in order, repetitions included. */
  texts(conversation: Qualified): string[] {
    return this.#texts(this.inbox.events, conversation).map((received) => received.text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goOffline()
    await this.app[Symbol.asyncDispose]()
  }

  async #readLog(since?: string): Promise<void> {
    for (const stored of await this.app.notifications(this.client, since)) this.inbox.add(stored)
  }

  async #sendOnce(conversation: Qualified, text: string): Promise<Sent> {
    const devices = this.#devices.get(conversation.id) ?? (await this.#devicesOf(conversation))
    this.#devices.set(conversation.id, devices)
    const recipients = sameForAll(devices, Buffer.from(text), this.client)
    return this.app.sendProteus(conversation, { sender: this.client, recipients })
  }

  async #devicesOf(conversation: Qualified): Promise<Record<string, Record<string, string[]>>> {
    const { members } = await this.app.conversation(conversation)
    return this.app.listClients([this.user, ...members.others.map((member) => member.qualified_id)])
  }

  #texts(events: readonly AppEvent[], { id }: Qualified): ReceivedText[] {
    return events.flatMap((event) => {
      const message = Message.safeParse(event)
      if (!message.success || message.data.qualified_conversation.id !== id) return []
      const { qualified_from: from, time, data } = message.data
      const text = Buffer.from(data.text, 'base64').toString('utf8')
      return [{ from, time, text, receivedAt: this.inbox.receivedAt(event) }]
    })
  }

  async #follow(socket: AppSocket): Promise<void> {
    for await (const notification of socket) this.inbox.add(notification)
  }
}

function hasConnection(to: Qualified, status: string) {
  const Wanted = z.object({
    type: z.literal('user.connection'),
    connection: z.object({ status: z.literal(status), qualified_to: z.object({ id: z.literal(to.id) }) }),
  })
  return (events: readonly AppEvent[]): AppEvent | undefined => events.find((event) => Wanted.safeParse(event).success)
}

function hasCreated({ id }: Qualified) {
  const Wanted = z.object({
    type: z.literal('conversation.create'),
    qualified_conversation: z.object({ id: z.literal(id) }),
  })
  return (events: readonly AppEvent[]): AppEvent | undefined => events.find((event) => Wanted.safeParse(event).success)
}
