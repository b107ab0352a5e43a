/** Passwords of guest links: scrypt (RFC 7914), stored with its parameters so that these can be raised later. */
import { scrypt as scryptCallback, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { Refusal } from '#src/kit/errors.ts'
import type { Random } from '#src/kit/random.ts'
import { CODE_PASSWORDS_AT_ONCE_MAX } from './limits.ts'

export interface CodePasswords {
  hash(password: string): Promise<string>
  verify(stored: string, password: string): Promise<boolean>
}

const scrypt = promisify<string, Uint8Array, number, object, Buffer>(scryptCallback)

const COST = 2 ** 14
const BLOCK_SIZE = 8
const SALT_BYTES = 16
const KEY_BYTES = 32

export const codePasswords = (random: Random): CodePasswords => {
  let underWay = 0
  // 16 MB of memory each, and strangers decide how many.
  const derive = async (password: string, salt: Uint8Array, cost: number): Promise<Buffer> => {
    if (underWay >= CODE_PASSWORDS_AT_ONCE_MAX) {
      throw new Refusal(429, 'client-error', { detail: 'Too many attempts', headers: { 'retry-after': '1' } })
    }
    underWay += 1
    try {
      return await scrypt(password.normalize('NFC'), salt, KEY_BYTES, { cost, blockSize: BLOCK_SIZE })
    } finally {
      underWay -= 1
    }
  }
  return {
    hash: async (password) => {
      const salt = random.bytes(SALT_BYTES)
      return ['scrypt', String(COST), base64(salt), base64(await derive(password, salt, COST))].join('$')
    },
    verify: async (stored, password) => {
      const [kind, cost, salt, key] = stored.split('$')
      if (kind !== 'scrypt' || salt === undefined || key === undefined) {
        throw new Error('a stored password of a guest link is not one of scrypt')
      }
      const derived = await derive(password, Buffer.from(salt, 'base64'), Number(cost))
      return timingSafeEqual(derived, Buffer.from(key, 'base64'))
    },
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
