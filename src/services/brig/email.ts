/** E-mail addresses as far as a server needs to understand them: shape, and which two are the same. */
import { EMAIL_CHARACTERS_MAX } from '#src/contract/client/brig-limits.ts'

export interface Email {
  /** As typed, without surrounding space. */
  readonly shown: string
  /** Two addresses with the same key are the same person's. */
  readonly key: string
}

// The dot-string form of RFC 5321 §4.1.2, which is all that people use, with UTF-8 local parts allowed (RFC 6531).
const LOCAL = /^[^\s@"(),:;<>[\]\\\p{Cc}]{1,64}$/u
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

/** Hardly any mail server minds the case of a local part, and two accounts that differ by it only are a trap. */
export const parseEmail = (typed: string): Email | undefined => {
  const shown = typed.trim().normalize('NFC')
  const at = shown.lastIndexOf('@')
  if (at < 0 || shown.length > EMAIL_CHARACTERS_MAX || !shown.isWellFormed()) return undefined
  const local = shown.slice(0, at)
  if (!LOCAL.test(local) || local.startsWith('.') || local.endsWith('.') || local.includes('..')) return undefined
  return DOMAIN.test(shown.slice(at + 1)) ? { shown, key: shown.toLowerCase() } : undefined
}
