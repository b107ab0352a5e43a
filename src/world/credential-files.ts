import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import type { Credential } from './authority.ts'
import { replaceFile } from './replace-file.ts'

export interface CredentialFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

/** Writes the chain and the key as PEM. The key is never readable by anybody else, not even for a moment. */
export async function writeCredential(
  directory: string,
  name: string,
  credential: Credential,
): Promise<CredentialFiles> {
  const files = credentialFiles(directory, name)
  await mkdir(directory, { recursive: true })
  await replaceFile(files.keyFile, credential.keyPem, 0o600)
  await replaceFile(files.certificateFile, credential.chainPem, 0o644)
  return files
}

export function credentialFiles(directory: string, name: string): CredentialFiles {
  return { certificateFile: join(directory, `${name}.crt.pem`), keyFile: join(directory, `${name}.key.pem`) }
}

/** The first certificate of the file if it exists and is still good at `until`. */
export async function certificateValidAt(file: string, until: Date): Promise<X509Certificate | undefined> {
  const pem = await readFile(file, 'utf8').catch(() => undefined)
  if (pem === undefined) return undefined
  const certificate = new X509Certificate(pem)
  return new Date(certificate.validTo) > until ? certificate : undefined
}
