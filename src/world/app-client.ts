/**
 * A small headless app: the calls of `client-*.md` that a conversation needs, as one user, in the form of API
 * version 8. It seeds the local world, plays the people of the story tests and drives the benchmarks.
 */
import { z } from 'zod'
import type { Random } from '#src/kit/random.ts'
import { AppHttp } from './app-http.ts'
import { AppSocket, Notification } from './app-socket.ts'
import { type Ciphertexts, encodeProteusMessage, type ProteusMessage } from './proteus-message.ts'

export interface Qualified {
  readonly id: string
  readonly domain: string
}

export interface NewAccount {
  readonly name: string
  readonly email: string
  readonly password: string
}

export interface NewDevice {
  readonly password: string
  readonly prekeys?: number
  /** Besides the one that every app has. */
  readonly capabilities?: readonly string[]
}

const QualifiedId = z.object({ id: z.string(), domain: z.string() })
const Self = z.looseObject({ qualified_id: QualifiedId, name: z.string(), handle: z.string().nullish() })
const Device = z.looseObject({ id: z.string() })
const Connection = z.looseObject({
  qualified_to: QualifiedId,
  qualified_conversation: QualifiedId.nullish(),
  status: z.string(),
})
const Contact = z.looseObject({ qualified_id: QualifiedId, name: z.string(), handle: z.string().nullish() })
const Member = z.looseObject({ qualified_id: QualifiedId })
const Conversation = z.looseObject({
  qualified_id: QualifiedId,
  type: z.number(),
  members: z.looseObject({ self: Member.nullish(), others: z.array(Member) }),
})
const ClientsByUser = z.record(z.string(), z.record(z.string(), z.array(z.object({ id: z.string() }))))
const Prekey = z.object({ id: z.number(), key: z.string() })
const PrekeysByClient = z.record(z.string(), z.record(z.string(), z.record(z.string(), Prekey.nullable())))
const ClientMap = z.record(z.string(), z.record(z.string(), z.array(z.string())))
const SendingStatus = z.object({
  time: z.string(),
  missing: ClientMap,
  redundant: ClientMap,
  deleted: ClientMap,
  failed_to_send: ClientMap,
  failed_to_confirm_clients: ClientMap,
})

export interface Sent extends z.infer<typeof SendingStatus> {
  readonly isDelivered: boolean
  /** By which every part that the message passes names it. */
  readonly requestId: string
}

const Page = z.object({ notifications: z.array(Notification), has_more: z.boolean().nullish() })

export class AppClient implements AsyncDisposable {
  readonly http: AppHttp
  readonly #random: Random

  constructor(clientApi: string, random: Random) {
    this.http = new AppHttp(clientApi)
    this.#random = random
  }

  /** Headless: a backend in development mode counts a missing code as verified (client-auth §2.4). */
  async register(account: NewAccount): Promise<void> {
    await this.http.call({ method: 'POST', path: '/register', body: account })
    await this.http.renewToken()
  }

  async logIn({ email, password }: Pick<NewAccount, 'email' | 'password'>): Promise<void> {
    await this.http.logIn({ email, password })
  }

  async self(): Promise<z.infer<typeof Self>> {
    return this.http.callFor({ method: 'GET', path: '/self' }, Self)
  }

  async putHandle(handle: string): Promise<void> {
    await this.http.call({ method: 'PUT', path: '/self/handle', body: { handle } })
  }

  /** Registers a device with prekeys that look like some and mean nothing. */
  async createClient({ password, prekeys = 10, capabilities = [] }: NewDevice): Promise<string> {
    const ids = Array.from({ length: prekeys }, (_, id) => id)
    const body = {
      type: 'permanent',
      class: 'desktop',
      model: 'Comity world',
      label: 'world',
      password,
      prekeys: ids.map((id) => ({ id, key: this.#prekey() })),
      lastkey: { id: 65_535, key: this.#prekey() },
      capabilities: ['legalhold-implicit-consent', ...capabilities],
    }
    const { id } = await this.http.callFor({ method: 'POST', path: '/clients', body }, Device)
    await this.http.renewToken(id)
    return id
  }

  async clients(): Promise<string[]> {
    const clients = await this.http.callFor({ method: 'GET', path: '/clients' }, z.array(Device))
    return clients.map((client) => client.id)
  }

  async search(q: string, domain: string): Promise<z.infer<typeof Contact>[]> {
    const request = { method: 'GET', path: '/search/contacts', query: { q, domain, size: 30 } } as const
    return (await this.http.callFor(request, z.object({ documents: z.array(Contact) }))).documents
  }

  async connect(user: Qualified): Promise<z.infer<typeof Connection>> {
    return this.http.callFor({ method: 'POST', path: `/connections/${user.domain}/${user.id}` }, Connection)
  }

  async accept(user: Qualified): Promise<void> {
    const path = `/connections/${user.domain}/${user.id}`
    await this.http.call({ method: 'PUT', path, body: { status: 'accepted' } })
  }

  async connection(user: Qualified): Promise<z.infer<typeof Connection> | undefined> {
    const path = `/connections/${user.domain}/${user.id}`
    const answer = await this.http.call({ method: 'GET', path, alsoExpected: [404] })
    return answer.status === 404 ? undefined : Connection.parse(answer.body)
  }

  async createConversation(name: string, users: readonly Qualified[]): Promise<z.infer<typeof Conversation>> {
    const body = { name, qualified_users: users, conversation_role: 'wire_member', receipt_mode: null }
    return this.http.callFor({ method: 'POST', path: '/conversations', body }, Conversation)
  }

  async conversation({ id, domain }: Qualified): Promise<z.infer<typeof Conversation>> {
    return this.http.callFor({ method: 'GET', path: `/conversations/${domain}/${id}` }, Conversation)
  }

  async conversations(): Promise<Qualified[]> {
    const schema = z.object({ qualified_conversations: z.array(QualifiedId) })
    const request = { method: 'POST', path: '/conversations/list-ids', body: { size: 1000 } } as const
    return (await this.http.callFor(request, schema)).qualified_conversations
  }

  /** Domain, then user, then device ids. */
  async listClients(users: readonly Qualified[]): Promise<Record<string, Record<string, string[]>>> {
    const schema = z.object({ qualified_user_map: ClientsByUser })
    const request = { method: 'POST', path: '/users/list-clients', body: { qualified_users: users } } as const
    const { qualified_user_map } = await this.http.callFor(request, schema)
    return mapClients(qualified_user_map, (devices) => devices.map((device) => device.id))
  }

  async claimPrekeys(clients: Record<string, Record<string, string[]>>): Promise<z.infer<typeof PrekeysByClient>> {
    const schema = z.object({ qualified_user_client_prekeys: PrekeysByClient })
    const request = { method: 'POST', path: '/users/list-prekeys', body: clients } as const
    return (await this.http.callFor(request, schema)).qualified_user_client_prekeys
  }

  /** 201 and 412 carry the same body; 412 means that nothing was delivered (client-conversations §8). */
  async sendProteus({ id, domain }: Qualified, message: ProteusMessage): Promise<Sent> {
    const path = `/conversations/${domain}/${id}/proteus/messages`
    const body = encodeProteusMessage(message)
    const answer = await this.http.call({ method: 'POST', path, body, alsoExpected: [412] })
    return {
      ...SendingStatus.parse(answer.body),
      isDelivered: answer.status === 201,
      requestId: String(answer.headers['request-id']),
    }
  }

  async openSocket(client?: string): Promise<AppSocket> {
    await this.http.renewToken()
    const access_token = this.http.token ?? ''
    return AppSocket.open(this.http.baseUrl, { access_token, ...(client !== undefined && { client }) })
  }

  /** Everything after `since`, over as many pages as there are. */
  async notifications(client: string, since?: string): Promise<z.infer<typeof Notification>[]> {
    const all: z.infer<typeof Notification>[] = []
    for (let from = since; ; from = all.at(-1)?.id) {
      const query = { client, since: from, size: 1000 }
      const page = await this.http.callFor({ method: 'GET', path: '/notifications', query }, Page)
      all.push(...page.notifications)
      if (page.has_more !== true || page.notifications.length === 0) return all
    }
  }

  async lastNotification(client: string): Promise<z.infer<typeof Notification>> {
    return this.http.callFor({ method: 'GET', path: '/notifications/last', query: { client } }, Notification)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.http[Symbol.asyncDispose]()
  }

  #prekey(): string {
    // Starts like the CBOR of a real one, so that even a curious server is satisfied.
    return Buffer.concat([Uint8Array.of(0xa5, 0x00, 0x01, 0x01), this.#random.bytes(66)]).toString('base64')
  }
}

function mapClients<From, To>(
  byDomain: Record<string, Record<string, From>>,
  each: (from: From) => To,
): Record<string, Record<string, To>> {
  const users = (byUser: Record<string, From>) =>
    Object.fromEntries(Object.entries(byUser).map(([user, of]) => [user, each(of)]))
  return Object.fromEntries(Object.entries(byDomain).map(([domain, byUser]) => [domain, users(byUser)]))
}

/** The same bytes for every device except the sender's own. */
export function sameForAll(
  clients: Record<string, Record<string, string[]>>,
  text: Uint8Array,
  except: string,
): Ciphertexts {
  return mapClients(clients, (ids) => Object.fromEntries(ids.filter((id) => id !== except).map((id) => [id, text])))
}
