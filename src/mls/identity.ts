/** Which client a credential speaks for: `user:client@domain` (client-users.md §9.3). */
import 'reflect-metadata'
import { SubjectAlternativeNameExtension, X509Certificate } from '@peculiar/x509'
import { ClientId, Domain, UserId } from '#src/contract/ids.ts'
import { BASIC, type Credential } from './key-package.ts'

export interface ClientIdentity {
  readonly user: UserId
  readonly client: ClientId
  readonly domain: Domain
}

/** `undefined` for nobody's. */
export const identityOf = (credential: Credential, signatureKey: Uint8Array): ClientIdentity | undefined => {
  if (credential.type !== BASIC) return certified(credential.certificates, signatureKey)
  return parse(/^(?<user>[^:]*):(?<client>[^@]*)@(?<domain>.*)$/, Buffer.from(credential.identity).toString())
}

const parse = (form: RegExp, text: string): ClientIdentity | undefined => {
  const groups = form.exec(text)?.groups
  const user = UserId.safeParse(groups?.['user'])
  const client = ClientId.safeParse(groups?.['client'])
  const domain = Domain.safeParse(groups?.['domain'])
  if (!user.success || !client.success || !domain.success) return undefined
  return { user: user.data, client: client.data, domain: domain.data }
}

/**
 * Named by the first alternative name of the end certificate that is an identity. Whether to trust who issued it is
 * for the other clients; but it must be about the key that signs (RFC 9420 §5.3). The printed form of the names is not
 * parsed: it has been ambiguous before (CVE-2021-44532).
 */
const certified = ([own]: readonly Uint8Array[], signatureKey: Uint8Array): ClientIdentity | undefined => {
  const certificate = own && certificateOf(own)
  if (!certificate || !isAbout(certificate, signatureKey)) return undefined
  const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? []
  for (const { type, value } of names) {
    const identity = type === 'url' ? parse(CERTIFIED, withLongUserId(value)) : undefined
    if (identity) return identity
  }
  return undefined
}

const CERTIFIED = /^wireapp:\/\/(?<user>[^!]*)!(?<client>[^@]*)@(?<domain>.*)$/

const certificateOf = (der: Uint8Array): X509Certificate | undefined => {
  try {
    return new X509Certificate(new Uint8Array(der))
  } catch {
    return undefined
  }
}

/** Certificates shorten the user's id to 22 characters of base64url. */
const withLongUserId = (name: string): string =>
  name.replace(/(?<=^wireapp:\/\/)[\w-]{22}(?=!)/, (short) =>
    Buffer.from(short, 'base64url')
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  )

/** A public key ends, in its long form, with the bytes that MLS uses for it. */
const isAbout = ({ publicKey }: X509Certificate, signatureKey: Uint8Array): boolean =>
  signatureKey.length >= PUBLIC_KEY_BYTES_MIN &&
  Buffer.from(publicKey.rawData).subarray(-signatureKey.length).equals(signatureKey)

/** The shortest of the schemes that we know, Ed25519. */
const PUBLIC_KEY_BYTES_MIN = 32
