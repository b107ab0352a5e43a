/** The mails that brig writes. Plain text, and nothing in it that a client does not need: clients ask for the code. */
import type { Mail } from './mailer.ts'

interface CodeMail {
  readonly to: string
  readonly code: string
}

interface KeyedMail extends CodeMail {
  readonly key: string
}

export const activationMail = ({ to, code }: CodeMail): Mail => ({
  to,
  subject: `${code} is your verification code`,
  text: lines(
    `Your verification code is ${code}.`,
    'Enter it where you were asked for it, to show that this address is yours.',
    'If you did not ask for it, ignore this mail: nothing happens.',
  ),
})

export const passwordResetMail = ({ to, key, code }: KeyedMail): Mail => ({
  to,
  subject: 'Reset your password',
  text: lines(
    `The code to choose a new password is ${code}.`,
    'It is good for ten minutes.',
    `Key: ${key}`,
    'If you did not ask for it, ignore this mail: your password stays as it is.',
  ),
})

export const deletionMail = ({ to, key, code }: KeyedMail): Mail => ({
  to,
  subject: 'Delete your account?',
  text: lines(
    `The code to delete your account is ${code}.`,
    'It is good for ten minutes. What is deleted cannot be brought back.',
    `Key: ${key}`,
    'If you did not ask for it, ignore this mail and change your password.',
  ),
})

export const invitationMail = ({
  to,
  inviter,
  team,
  code,
}: CodeMail & { readonly inviter: string; readonly team: string }): Mail => ({
  to,
  subject: 'You are invited to a team',
  text: lines(
    `${inviter} invites you to the team ${team}.`,
    `Register with this address and the invitation code ${code}`,
    'If you do not know who this is, ignore this mail.',
  ),
})

const lines = (...paragraphs: readonly string[]): string => `${paragraphs.join('\n\n')}\n`
