/** A real SMTP server that keeps what it is given, for tests that wait for a mail. */
import { EventEmitter, on } from 'node:events'
import { SMTPServer } from 'smtp-server'
import { withDeadline } from '#src/kit/deadline.ts'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** Headers and text as they came. */
  readonly text: string
}

export interface MailServer extends AsyncDisposable {
  readonly url: string
  readonly received: readonly ReceivedMail[]
  /** While true it answers that it cannot take any. */
  isRefusing: boolean
  /** The first mail to an address from the one with that number on. */
  mailTo(address: string, from?: number): Promise<ReceivedMail>
}

const PATIENCE_MS = 60_000

export const startMailServer = async (): Promise<MailServer> => {
  const received: ReceivedMail[] = []
  const changes = new EventEmitter().setMaxListeners(0)
  const state = { isRefusing: false }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('error', done)
      stream.on('end', () => {
        if (state.isRefusing) return done(new Error('not now'))
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        const to = envelope.rcptTo.map(({ address }) => address)
        received.push({ from, to, text: Buffer.concat(chunks).toString('utf8') })
        changes.emit('change')
        return done()
      })
    },
  })
  const listener = server.listen(0, '127.0.0.1')
  await new Promise((resolve) => listener.once('listening', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the mail server has no port')

  const find = (to: string, from: number): ReceivedMail | undefined =>
    received.slice(from).find((mail) => mail.to.includes(to))
  return Object.assign(state, {
    url: `smtp://127.0.0.1:${address.port}`,
    received,
    mailTo: (to: string, from = 0) =>
      withDeadline(
        async (signal) => {
          const already = find(to, from)
          if (already) return already
          for await (const _ of on(changes, 'change', { signal })) {
            const found = find(to, from)
            if (found) return found
          }
          throw new Error('the changes do not end')
        },
        PATIENCE_MS,
        `a mail to ${to}`,
      ),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  })
}

/** The six digits in a mail. */
export const codeIn = ({ text }: ReceivedMail): string => {
  const code = /\bcode (?:is|[a-z ]+ is) (\d{6})\b/.exec(text)?.[1]
  if (code === undefined) throw new Error(`there is no code in: ${text}`)
  return code
}

/** What goes with the code. */
export const keyIn = ({ text }: ReceivedMail): string => {
  const key = /^Key: (\S+)$/m.exec(text.replaceAll('=\r\n', ''))?.[1]
  if (key === undefined) throw new Error(`there is no key in: ${text}`)
  return key.replaceAll('=3D', '=')
}
