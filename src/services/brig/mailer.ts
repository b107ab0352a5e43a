/** Who takes the mails that brig writes. */
import { Refusal } from '#src/kit/errors.ts'
import type { Log } from '#src/kit/log.ts'

export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface Mailer extends AsyncDisposable {
  /** False when nobody can be mailed at all: then no address can be shown to be anybody's. */
  readonly isOpen: boolean
  /** False in development mode, where limits on mails would only be in the way. */
  readonly sendsMail: boolean
  /** The server has taken it. Refuses when it has not, so that whoever waits for the mail hears of it. */
  send(mail: Mail): Promise<void>
  /** For mails that nobody may notice the sending of, or that can be asked for again; failures are only logged. */
  sendLater(mail: Mail): void
}

export interface MailConfig {
  readonly smtpUrl: string
  readonly from: string
}

/** Development mode: the codes are known without mail (client-auth.md §2.4). */
const headlessMailer: Mailer = {
  isOpen: true,
  sendsMail: false,
  send: async () => {},
  sendLater: () => {},
  [Symbol.asyncDispose]: async () => {},
}

/** As the configuration has it; development mode sends nothing. */
export const mailerFor = async (
  { email, isHeadless }: { readonly email: MailConfig | undefined; readonly isHeadless: boolean },
  log: Log,
): Promise<Mailer> => {
  if (isHeadless) return headlessMailer
  if (email) return (await import('./smtp-mailer.ts')).smtpMailer(email, log)
  log.warn('neither email nor development.headlessCode is configured: nobody can register')
  return closedMailer
}

/** Neither: whatever needs a mail is refused, and says why. */
const closedMailer: Mailer = {
  isOpen: false,
  sendsMail: false,
  send: async () => {
    throw new Refusal(403, 'unauthorized', { detail: 'This backend cannot send e-mail' })
  },
  sendLater: () => {},
  [Symbol.asyncDispose]: async () => {},
}
