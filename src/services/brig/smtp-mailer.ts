/** Handing mail to the SMTP server that the configuration names. Loaded only where there is one: it brings megabytes. */
import { createTransport } from 'nodemailer'
import { withDeadline } from '#src/kit/deadline.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { Log } from '#src/kit/log.ts'
import { gate } from './gate.ts'
import { MAIL_TIMEOUT_MS, MAILS_AT_ONCE, MAILS_WAITING_MAX } from './limits.ts'
import type { Mail, MailConfig, Mailer } from './mailer.ts'

export const smtpMailer = ({ smtpUrl, from }: MailConfig, log: Log): Mailer => {
  const transport = createTransport(
    {
      url: smtpUrl,
      pool: true,
      maxConnections: MAILS_AT_ONCE,
      connectionTimeout: MAIL_TIMEOUT_MS,
      greetingTimeout: MAIL_TIMEOUT_MS,
      socketTimeout: MAIL_TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  )
  const narrow = gate({ atOnce: MAILS_AT_ONCE, waitingMax: MAILS_WAITING_MAX })
  const underWay = new Set<Promise<void>>()

  const send = async ({ to, subject, text }: Mail): Promise<void> => {
    // As an object, because text would be read as a list of addresses.
    const sending = async () => transport.sendMail({ to: { name: '', address: to }, subject, text })
    try {
      const sent = await narrow.run(() => withDeadline(sending(), MAIL_TIMEOUT_MS, 'sending a mail'))
      if (!sent) throw new Error('too many mails wait already')
    } catch (cause) {
      throw new Refusal(503, 'mail-unavailable', { detail: 'The mail could not be sent; try again later', cause })
    }
  }

  return {
    isOpen: true,
    sendsMail: true,
    send,
    sendLater: (mail) => {
      const sending = send(mail)
        .catch((error: unknown) => log.warn({ err: error }, 'sending a mail'))
        .finally(() => underWay.delete(sending))
      underWay.add(sending)
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(underWay)
      transport.close()
    },
  }
}
