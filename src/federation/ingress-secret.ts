/**
 * How the federator knows its ingress: a secret that both read from one file. Whoever can reach the inward port could
 * otherwise put any certificate into the header that the ingress speaks for. See docs/decisions/ingress-hop.md.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { chown, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Random } from '#src/kit/random.ts'
import { INGRESS_SECRET_BYTES, INGRESS_SECRET_CHARACTERS_MAX, INGRESS_SECRET_CHARACTERS_MIN } from './limits.ts'

/** Set by the ingress on every request; never by a peer, whose header of that name ends at the ingress. */
export const INGRESS_SECRET_HEADER = 'comity-ingress-secret'

export const defaultIngressSecretFile = (dataDirectory: string): string => path.join(dataDirectory, 'ingress-secret')

/** Reads the secret; the first of ingress and federator to come makes it. */
export const ensureIngressSecret = async (file: string, random: Random): Promise<string> => {
  const present = await readSecret(file)
  if (present !== undefined) return present
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${random.uuid()}`
  const secret = Buffer.from(random.bytes(INGRESS_SECRET_BYTES)).toString('base64url')
  await writePrivately(temporary, `${secret}\n`)
  try {
    // Fails if somebody else was faster; then his secret counts, and it is there in full.
    await link(temporary, file).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error
    })
  } finally {
    await rm(temporary, { force: true })
  }
  const made = await readSecret(file)
  if (made === undefined) throw new Error(`${file} is gone a moment after it was made`)
  return made
}

const SECRET = new RegExp(`^[A-Za-z0-9_-]{${INGRESS_SECRET_CHARACTERS_MIN},${INGRESS_SECRET_CHARACTERS_MAX}}$`)

const readSecret = async (file: string): Promise<string | undefined> => {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT')) return undefined
    throw new Error(`reading the secret of the ingress from ${file}`, { cause })
  })
  if (text === undefined) return undefined
  const secret = text.trim()
  if (SECRET.test(secret)) return secret
  throw new Error(
    `${file} must hold one line of ${INGRESS_SECRET_CHARACTERS_MIN} to ${INGRESS_SECRET_CHARACTERS_MAX} letters, ` +
      'digits, hyphens or underscores; without the file a new secret is made',
  )
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/** What nginx includes to send the secret; nothing else of its configuration is secret. */
export const writeNginxInclude = async (secretFile: string, secret: string): Promise<string> => {
  const file = `${secretFile}.nginx.conf`
  await writePrivately(`${file}.new`, `proxy_set_header ${INGRESS_SECRET_HEADER} "${secret}";\n`)
  await rename(`${file}.new`, file)
  return file
}

/** Readable by the owner of the directory and nobody else, also when root prepares it for the service's account. */
const writePrivately = async (file: string, text: string): Promise<void> => {
  await rm(file, { force: true })
  await writeFile(file, text, { mode: 0o600, flag: 'wx' })
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(path.dirname(file))
  await chown(file, uid, gid)
}

/** Takes the same time whatever is presented, so that nobody can guess the secret piece by piece. */
export const secretCheck = (secret: string): ((presented: string | undefined) => boolean) => {
  const expected = digest(secret)
  return (presented) => timingSafeEqual(digest(presented ?? ''), expected)
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
