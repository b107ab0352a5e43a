/**
 * Passwords are stored as Argon2id (RFC 9106) in the PHC text form, which carries its parameters: raising them later
 * leaves existing accounts valid. The parameters are OWASP's first choice; hashing is done by Node in its thread pool.
 */
import { argon2 as argon2Callback, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { Refusal } from '#src/kit/errors.ts'
import type { Random } from '#src/kit/random.ts'
import { gate } from './gate.ts'
import { PASSWORD_BUSY_RETRY_SECONDS, PASSWORD_HASHES_AT_ONCE, PASSWORD_HASHES_WAITING_MAX } from './limits.ts'

export interface Passwords {
  hash(password: string): Promise<string>
  verify(stored: string, password: string): Promise<boolean>
  /** Takes as long as {@link verify}, so that nobody learns from the time which accounts exist. */
  verifyNobody(password: string): Promise<false>
}

interface Parameters {
  readonly memoryKib: number
  readonly passes: number
  readonly parallelism: number
}

const PARAMETERS: Parameters = { memoryKib: 19_456, passes: 2, parallelism: 1 }
const SALT_BYTES = 16
const TAG_BYTES = 32

const argon2 = promisify(argon2Callback)

interface Needs {
  readonly random: Random
  readonly waitingMax?: number
}

/** Every use of a password, to set or to check it, waits at one gate: memory and threads are bounded for all. */
export const passwords = ({ random, waitingMax = PASSWORD_HASHES_WAITING_MAX }: Needs): Passwords => {
  const narrow = gate({ atOnce: PASSWORD_HASHES_AT_ONCE, waitingMax })

  const derive = async (password: string, salt: Uint8Array, parameters: Parameters): Promise<Buffer> => {
    const done = await narrow.run(() =>
      argon2('argon2id', {
        message: password.normalize('NFC'),
        nonce: salt,
        memory: parameters.memoryKib,
        passes: parameters.passes,
        parallelism: parameters.parallelism,
        tagLength: TAG_BYTES,
      }),
    )
    if (done) return done.result
    throw new Refusal(429, 'client-error', {
      detail: 'Logins too frequent',
      headers: { 'retry-after': String(PASSWORD_BUSY_RETRY_SECONDS) },
    })
  }

  return {
    hash: async (password) => {
      const salt = random.bytes(SALT_BYTES)
      return format(salt, await derive(password, salt, PARAMETERS))
    },
    verify: async (stored, password) => {
      const { parameters, salt, tag } = parse(stored)
      return timingSafeEqual(await derive(password, salt, parameters), tag)
    },
    verifyNobody: async (password) => {
      await derive(password, new Uint8Array(SALT_BYTES), PARAMETERS)
      return false
    },
  }
}

const format = (salt: Uint8Array, tag: Uint8Array): string => {
  const { memoryKib, passes, parallelism } = PARAMETERS
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
}

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '')

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

const parse = (stored: string) => {
  const [, memoryKib, passes, parallelism, salt, tag] = PHC.exec(stored) ?? []
  if (salt === undefined || tag === undefined) throw new Error('a stored password hash is not Argon2id')
  return {
    parameters: { memoryKib: Number(memoryKib), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}
