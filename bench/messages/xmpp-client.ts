/** As much of XMPP as a benchmark needs, over cleartext TCP: registration in band, SASL PLAIN, binding, messages. */
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { withDeadline } from '#src/kit/deadline.ts'

export interface XmppAccount {
  readonly host: string
  readonly domain: string
  readonly user: string
  readonly password: string
}

const STEP_MS = 20_000

export class XmppClient implements Disposable {
  readonly jid: string
  readonly #socket: Socket
  readonly #account: XmppAccount
  #buffered = ''
  #onData: () => void = () => undefined
  onMessage: (stanza: string) => void = () => undefined

  private constructor(socket: Socket, account: XmppAccount) {
    this.#socket = socket
    this.#account = account
    this.jid = `${account.user}@${account.domain}`
    socket.setNoDelay(true)
    socket.setEncoding('utf8')
    socket.on('error', () => undefined)
    socket.on('data', (text: string) => {
      this.#buffered += text
      this.#onData()
    })
  }

  static async #open(account: XmppAccount): Promise<XmppClient> {
    const socket = createConnection({ host: account.host, port: 5222 })
    await withDeadline(once(socket, 'connect'), STEP_MS, `connecting to ${account.domain}`)
    const client = new XmppClient(socket, account)
    await client.#openStream()
    return client
  }

  /** An account that exists already is as good. */
  static async register(account: XmppAccount): Promise<void> {
    using client = await XmppClient.#open(account)
    const { user, password, domain } = account
    const query = `<query xmlns='jabber:iq:register'><username>${user}</username><password>${password}</password></query>`
    client.write(`<iq type='set' id='r1' to='${domain}'>${query}</iq>`)
    const answer = await client.#until(/<iq[^>]*type=['"](?:result|error)['"][^>]*?(?:\/>|>[\s\S]*?<\/iq>)/)
    if (/type=['"]error['"]/.test(answer) && !answer.includes('conflict')) throw new Error(`registering: ${answer}`)
  }

  static async logIn(account: XmppAccount): Promise<XmppClient> {
    const client = await XmppClient.#open(account)
    const plain = Buffer.from(`\0${account.user}\0${account.password}`).toString('base64')
    client.write(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`)
    const answer = await client.#until(/<success[^>]*\/>|<success[^>]*><\/success>|<failure[\s\S]*<\/failure>/)
    if (answer.startsWith('<failure')) throw new Error(`signing in: ${answer}`)
    await client.#openStream()
    const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>bench</resource></bind>`
    client.write(`<iq type='set' id='b1'>${bind}</iq>`)
    await client.#until(/<iq[^>]*id=['"]b1['"][\s\S]*?<\/iq>/)
    client.write(`<iq type='set' id='s1'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>`)
    await client.#until(/<iq[^>]*id=['"]s1['"][\s\S]*?(?:\/>|<\/iq>)/)
    client.write('<presence/>')
    await client.#until(/<presence[^>]*?(?:\/>|>[\s\S]*?<\/presence>)/)
    client.#onData = () => client.#takeMessages()
    return client
  }

  write(text: string): void {
    this.#socket.write(text)
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  async #openStream(): Promise<void> {
    const namespaces = `xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'`
    this.write(`<?xml version='1.0'?><stream:stream to='${this.#account.domain}' ${namespaces}>`)
    await this.#until(/<\/stream:features>|<stream:features\s*\/>/)
  }

  /** Reads up to and with what matches. */
  async #until(wanted: RegExp): Promise<string> {
    const found = new Promise<string>((resolve) => {
      this.#onData = () => {
        const match = wanted.exec(this.#buffered)
        if (!match) return
        this.#buffered = this.#buffered.slice(match.index + match[0].length)
        this.#onData = () => undefined
        resolve(match[0])
      }
      this.#onData()
    })
    return withDeadline(found, STEP_MS, `${this.jid} waiting for ${wanted.source}`)
  }

  #takeMessages(): void {
    for (let end = this.#buffered.indexOf(END); end >= 0; end = this.#buffered.indexOf(END)) {
      const stanza = this.#buffered.slice(this.#buffered.lastIndexOf('<message', end), end)
      this.#buffered = this.#buffered.slice(end + END.length)
      this.onMessage(stanza)
    }
  }
}

const END = '</message>'
