/**
 * One device of one person: the stock client as published, and the little that an application adds to it. It lives
 * in a thread of its own because api-client keeps its cookie in a variable of the module, one for all clients of a
 * process. device-thread.ts runs it, person.ts speaks to it.
 */
import { APIClient } from '@wireapp/api-client'
import { AssetRetentionPolicy } from '@wireapp/api-client/lib/asset/AssetRetentionPolicy.js'
import { ClientClassification } from '@wireapp/api-client/lib/client/ClientClassification.js'
import { ClientType } from '@wireapp/api-client/lib/client/ClientType.js'
import { ConnectionStatus } from '@wireapp/api-client/lib/connection/ConnectionStatus.js'
import { CONVERSATION_TYPING } from '@wireapp/api-client/lib/conversation/data/ConversationTypingData.js'
import { RECEIPT_MODE } from '@wireapp/api-client/lib/conversation/data/ConversationReceiptModeUpdateData.js'
import type { BackendEvent } from '@wireapp/api-client/lib/event/index.js'
import type { Notification } from '@wireapp/api-client/lib/notification/Notification.js'
import { WebSocketClient } from '@wireapp/api-client/lib/tcp/WebSocketClient.js'
import type { AxiosInstance } from 'axios'
import { type Devices, flat, idsOf, merge, mismatchIn, nested, without } from './device-ids.ts'
import { type Ciphertext, decodeText, encodeReadReceipt, encodeText, otrMessage } from './otr-message.ts'
import { decodeFile, decryptFile, encodeFile, encryptFile, type SharedFile } from './shared-file.ts'
import { ProteusSessions } from './proteus-sessions.ts'

export interface QualifiedId {
  readonly id: string
  readonly domain: string
}

export interface Account {
  readonly name: string
  readonly email: string
  readonly password: string
}

/** What a device has received and understood. */
export interface Heard {
  readonly by: 'websocket' | 'catch-up'
  readonly event: BackendEvent
  /** Of messages: decrypted. */
  readonly text?: string
  readonly messageId?: string
  /** Of confirmations: which message was read. */
  readonly hasRead?: string
  readonly file?: SharedFile
}

export interface KnownDevices {
  readonly devices: Devices
  readonly text: string
}

export interface Sent {
  readonly time: string
  /** How often the message was refused for devices that it was not for. */
  readonly refusals: number
  /** Those that it was for and that are gone: `domain/user/device`. */
  readonly deleted: readonly string[]
}

const API_VERSION = 8
const PREKEY_COUNT = 10

export class Device {
  readonly #client: APIClient
  readonly #requests: string[] = []
  readonly #hear: (heard: Heard) => void
  #sessions: ProteusSessions | undefined
  #lastNotification: string | undefined
  /** Notifications are taken one after the other: a session cannot decrypt two messages at once. */
  #taking: Promise<void> = Promise.resolve()

  constructor(clientApi: string, hear: (heard: Heard) => void) {
    this.#client = new APIClient({ urls: { name: 'local', rest: clientApi, ws: clientApi.replace(/^http/, 'ws') } })
    this.#hear = hear
    const axios: AxiosInstance = this.#client.transport.http['client']
    axios.interceptors.request.use((request) => {
      this.#requests.push(`${request.method?.toUpperCase()} ${request.url}`)
      return request
    })
    this.#client.transport.ws.on(WebSocketClient.TOPIC.ON_MESSAGE, (notification: Notification) =>
      this.#take(notification, 'websocket'),
    )
  }

  /** The requests of the stock client so far, in order. */
  async requests(): Promise<string[]> {
    return this.#requests
  }

  async negotiate(): Promise<{ readonly version: number; readonly isFederated: boolean; readonly domain: string }> {
    const { version, isFederated, domain } = await this.#client.useVersion(1, API_VERSION)
    return { version, isFederated, domain }
  }

  /** Has a code mailed that shows that the address is ours. */
  async askForCode({ email }: Account): Promise<void> {
    await this.#client.api.user.postActivationCode({ email })
  }

  /** Stock clients always send a code; backends in development mode know only this one. */
  async register({ name, email, password }: Account, code = '123456'): Promise<QualifiedId> {
    await this.#client.register({ accent_id: 1, email, email_code: code, name, password, assets: [] })
    return this.#self()
  }

  async login({ email, password }: Account): Promise<QualifiedId> {
    await this.#client.login({ email, password, clientType: ClientType.PERMANENT })
    return this.#self()
  }

  async logout(): Promise<void> {
    await this.#client.logout()
  }

  /** Forgets the access token. The next request is refused and renews it with nothing but the cookie. */
  async loseAccess(): Promise<void> {
    await this.#client.transport.http['accessTokenStore'].delete()
  }

  /** With the cookie and the token of before. */
  async renewAccess(): Promise<void> {
    await this.#client.transport.http.refreshAccessToken()
  }

  async profile(): Promise<{ readonly name: string; readonly handle: string | undefined }> {
    const { name, handle } = await this.#client.api.self.getSelf()
    return { name, handle }
  }

  async takeHandle(handle: string): Promise<void> {
    await this.#client.api.self.putHandle({ handle })
  }

  async registerDevice(password: string): Promise<string> {
    this.#sessions = await ProteusSessions.create(PREKEY_COUNT)
    const { id } = await this.#client.api.client.postClient({
      ...this.#sessions.published(),
      class: ClientClassification.DESKTOP,
      cookie: '',
      password,
      type: ClientType.PERMANENT,
    })
    if (this.#client.context) this.#client.context.clientId = id
    await this.#client.transport.http.associateClientWithSession(id)
    this.#lastNotification = (await this.#client.api.notification.getLastNotification(id)).id
    return id
  }

  async removeDevice(id: string, password: string): Promise<void> {
    await this.#client.api.client.deleteClient(id, password)
  }

  async deleteAccount(password: string): Promise<void> {
    await this.#client.api.self.deleteSelf({ password })
  }

  async ownDevices(): Promise<string[]> {
    return (await this.#client.api.client.getClients()).map(({ id }) => id)
  }

  /** Exact handle on another backend. */
  async find(handle: string, domain: string): Promise<QualifiedId | undefined> {
    const search = await this.#client.api.user.getSearchContacts(handle, 30, domain)
    const found = (await search.response).documents.find((contact) => contact.handle === handle)
    return found?.qualified_id
  }

  async nameOf(user: QualifiedId): Promise<string | undefined> {
    const { found } = await this.#client.api.user.postListUsers({ qualified_ids: [user] })
    return found?.[0]?.name
  }

  async connectWith(user: QualifiedId): Promise<string> {
    return (await this.#client.api.connection.postConnection(user)).status
  }

  async accept(user: QualifiedId): Promise<string> {
    return (await this.#client.api.connection.putConnection(user, { status: ConnectionStatus.ACCEPTED })).status
  }

  async block(user: QualifiedId): Promise<string> {
    return (await this.#client.api.connection.putConnection(user, { status: ConnectionStatus.BLOCKED })).status
  }

  async connections(): Promise<{ readonly to: string; readonly status: string }[]> {
    return (await this.#client.api.connection.getConnectionList()).map(({ to, status }) => ({ to, status }))
  }

  async createGroup(name: string, users: readonly QualifiedId[]): Promise<QualifiedId> {
    const group = { name, qualified_users: [...users], receipt_mode: null }
    return (await this.#client.api.conversation.postConversation(group)).qualified_id
  }

  async conversations(): Promise<string[]> {
    const list = await this.#client.api.conversation.getConversationList()
    return (list.found ?? []).map(({ qualified_id: { id } }) => id)
  }

  async membersOf(conversation: QualifiedId): Promise<string[]> {
    const { members } = await this.#client.api.conversation.getConversation(conversation)
    return members.others.map(({ id }) => id)
  }

  /** Opens the websocket; what was missed is fetched while the socket holds back what is new. */
  async goOnline(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#client.connect(async () => {
        this.#client.transport.ws.lock()
        await this.#catchUp().then(resolve, reject)
        this.#client.transport.ws.unlock()
      })
    })
  }

  async goOffline(): Promise<void> {
    this.#client.disconnect('the story says so')
  }

  async #catchUp(): Promise<void> {
    const { notification } = this.#client.api
    const { notifications } = await notification.getAllNotifications(
      this.#client.validatedClientId,
      this.#lastNotification,
    )
    for (const missed of notifications) this.#take(missed, 'catch-up')
    await this.#taking
  }

  /** A text to everybody in the conversation, to all their devices. Resolves when the backend has accepted it. */
  async send(conversation: QualifiedId, text: string): Promise<Sent> {
    return this.#sendToAll(conversation, encodeText(text))
  }

  /** One after the other, to the devices that are there when the first is sent. */
  async sendAll(conversation: QualifiedId, texts: readonly string[]): Promise<void> {
    const devices = await this.#devicesIn(conversation)
    for (const text of texts) await this.#sendTo(conversation, { devices, plaintext: encodeText(text), refusals: 0 })
  }

  async confirmReading(conversation: QualifiedId, messageId: string): Promise<void> {
    await this.#sendToAll(conversation, encodeReadReceipt(messageId))
  }

  /** The type of the event that the backend answers with. */
  async addTo(conversation: QualifiedId, users: readonly QualifiedId[]): Promise<string> {
    return (await this.#client.api.conversation.postMembers(conversation, [...users])).type
  }

  /** Somebody else, or oneself. */
  async removeFrom(conversation: QualifiedId, user: QualifiedId): Promise<string> {
    return (await this.#client.api.conversation.deleteMember(conversation, user)).type
  }

  async rename({ id }: QualifiedId, name: string): Promise<string> {
    return (await this.#client.api.conversation.putConversation(id, { name })).type
  }

  async confirmsReading(conversation: QualifiedId): Promise<string> {
    const mode = { receipt_mode: RECEIPT_MODE.ON }
    return (await this.#client.api.conversation.putConversationReceiptMode(conversation, mode)).type
  }

  async types(conversation: QualifiedId): Promise<void> {
    await this.#client.api.conversation.postTyping(conversation, { status: CONVERSATION_TYPING.STARTED })
  }

  /** Encrypted, uploaded by the stock client, and announced to everybody in the conversation. */
  async sendFile(
    conversation: QualifiedId,
    file: Uint8Array,
    { isVolatile = false }: { readonly isVolatile?: boolean } = {},
  ): Promise<SharedFile> {
    const { bytes, otrKey, sha256 } = encryptFile(file)
    const retention = isVolatile ? AssetRetentionPolicy.VOLATILE : AssetRetentionPolicy.EXPIRING
    const settings = { public: false, retention }
    const { key, domain, token } = await this.#client.api.asset.postAsset(bytes, settings).response
    if (token === undefined) throw new Error('the asset has no token')
    const shared = { key, domain: domain ?? '', token, otrKey, sha256 }
    await this.#sendToAll(conversation, encodeFile(shared))
    return shared
  }

  /** Fetched by the stock client, and decrypted. */
  async fetchFile(file: SharedFile): Promise<Uint8Array> {
    const { buffer } = await this.#client.api.asset.getAssetV4(file.key, file.domain, file.token).response
    return decryptFile(new Uint8Array(buffer), file)
  }

  /** As stock apps do when a message is deleted; api-client itself has no call for it. */
  async deleteFile({ domain, key }: SharedFile): Promise<void> {
    await this.#client.transport.http.sendJSON({ method: 'delete', url: `/assets/${domain}/${key}` })
  }

  async #sendToAll(conversation: QualifiedId, plaintext: Uint8Array): Promise<Sent> {
    return this.#sendTo(conversation, { devices: await this.#devicesIn(conversation), plaintext, refusals: 0 })
  }

  async #devicesIn(conversation: QualifiedId): Promise<Devices> {
    const { members } = await this.#client.api.conversation.getConversation(conversation)
    const users = [...members.others, members.self].flatMap(({ qualified_id }) => qualified_id ?? [])
    const { qualified_user_map } = await this.#client.api.user.postListClients({ qualified_users: users })
    return idsOf(qualified_user_map)
  }

  /** As a client that has not noticed any device of the others yet: it learns of them from the refusal. */
  async sendWithStaleDevices(conversation: QualifiedId, text: string): Promise<{ readonly refusals: number }> {
    return this.#sendTo(conversation, { devices: {}, plaintext: encodeText(text), refusals: 0 })
  }

  /** All devices in the conversation, own ones included, as a client remembers them. */
  async knownDevices(conversation: QualifiedId): Promise<Devices> {
    return this.#devicesIn(conversation)
  }

  /** As a client that has not heard of any change since it learned of these devices. */
  async sendToKnown(conversation: QualifiedId, { devices, text }: KnownDevices): Promise<Sent> {
    return this.#sendTo(conversation, { devices, plaintext: encodeText(text), refusals: 0 })
  }

  async #sendTo(
    conversation: QualifiedId,
    attempt: { readonly devices: Devices; readonly plaintext: Uint8Array; readonly refusals: number },
  ): Promise<Sent> {
    await this.#beginSessions(attempt.devices)
    const message = otrMessage(this.#client.validatedClientId, this.#encrypt(attempt.devices, attempt.plaintext))
    try {
      const { id, domain } = conversation
      const { time, deleted } = await this.#client.api.conversation.postOTRMessage(id, domain, message)
      return { time, refusals: attempt.refusals, deleted: flat(deleted) }
    } catch (error) {
      const mismatch = mismatchIn(error)
      if (mismatch === undefined || attempt.refusals > 0) throw error
      const { missing, deleted } = mismatch
      const devices = merge(without(attempt.devices, deleted), missing)
      const { time } = await this.#sendTo(conversation, { ...attempt, devices, refusals: 1 })
      return { time, refusals: 1, deleted: flat(deleted) }
    }
  }

  async #beginSessions(devices: Devices): Promise<void> {
    const strangers = this.#others(devices).filter((key) => !this.#proteus.knows(key))
    if (strangers.length === 0) return
    const { qualified_user_client_prekeys: prekeys } = await this.#client.api.user.postMultiPreKeyBundles(
      nested(strangers),
    )
    for (const key of strangers) {
      const [domain = '', user = '', client = ''] = key.split('/')
      const prekey = prekeys[domain]?.[user]?.[client]
      if (prekey) this.#proteus.begin(key, prekey)
    }
  }

  #encrypt(devices: Devices, plaintext: Uint8Array): Ciphertext[] {
    return this.#others(devices)
      .filter((key) => this.#proteus.knows(key))
      .map((key) => {
        const [domain = '', user = '', client = ''] = key.split('/')
        return { domain, user, client, text: this.#proteus.encrypt(key, plaintext) }
      })
  }

  /** All but this one. */
  #others(devices: Devices): string[] {
    return flat(devices).filter((key) => !key.endsWith(`/${this.#client.validatedClientId}`))
  }

  #take(notification: Notification, by: Heard['by']): void {
    this.#taking = this.#taking.then(() => this.#understand(notification, by))
  }

  async #understand(notification: Notification, by: Heard['by']): Promise<void> {
    if (!notification.transient) this.#lastNotification = notification.id
    for (const event of notification.payload) {
      if (event.type !== 'conversation.otr-message-add') this.#hear({ by, event })
      else await this.#read(event, by)
    }
  }

  async #read(event: Extract<BackendEvent, { type: 'conversation.otr-message-add' }>, by: Heard['by']): Promise<void> {
    const { domain, id } = event.qualified_from ?? { domain: '', id: event.from }
    const plaintext = await this.#proteus.decrypt(`${domain}/${id}/${event.data.sender}`, event.data.text)
    if (plaintext) this.#hear({ by, event, ...read(plaintext) })
  }

  async #self(): Promise<QualifiedId> {
    const { qualified_id } = await this.#client.api.self.getSelf()
    if (!qualified_id) throw new Error('the backend does not say who we are')
    return qualified_id
  }

  get #proteus(): ProteusSessions {
    if (!this.#sessions) throw new Error('this device is not registered')
    return this.#sessions
  }
}

function read(plaintext: Uint8Array): Pick<Heard, 'text' | 'messageId' | 'hasRead' | 'file'> {
  const file = decodeFile(plaintext)
  return file ? { file } : decodeText(plaintext)
}
