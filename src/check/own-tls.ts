/** Our own certificates as the files have them. The keys in them are used to connect and never shown. */
import { X509Certificate } from 'node:crypto'
import { loadTlsMaterial, type TlsFiles, type TlsMaterial } from '#src/federation/tls-material.ts'
import { causeChain } from '#src/kit/errors.ts'
import { judgeExpiry, judgePurpose } from './certificate.ts'
import type { Chain } from './chain.ts'
import { failed, type Found, ok } from './step.ts'

export interface OwnTls {
  readonly material: TlsMaterial
  readonly chain: Chain
}

interface Section {
  /** `federation.tls` or `federation.ingress`. */
  readonly key: string
  readonly files: TlsFiles
  readonly configFile: string
}

export const checkFiles = async ({ key, files, configFile }: Section): Promise<Found<OwnTls>> => {
  try {
    const material = await loadTlsMaterial(files)
    const own = { material, chain: chainOf(material) }
    const { asymmetricKeyType = 'unknown' } = own.chain.leaf.publicKey
    const trusted = `trusted authorities: ${material.anchors.length}`
    const fact = `${files.certificateFile} and its key (${asymmetricKeyType}) belong together; ${trusted}`
    if (!USUAL_KEYS.includes(asymmetricKeyType)) return { finding: unusualKey(asymmetricKeyType, key), value: own }
    return { finding: ok(fact), value: own }
  } catch (error) {
    const finding = failed(causeChain(error), {
      why: 'without certificate, key and trusted authorities there is no TLS with anybody',
      change: `${configFile}: the files of ${key}, or these files themselves`,
    })
    return { finding }
  }
}

/** The ciphers that all peers have in TLS 1.2 are made for these (federation-transport.md §8.1). */
const USUAL_KEYS: readonly string[] = ['rsa', 'ec']

const unusualKey = (type: string, key: string) =>
  failed(`the certificate has a key of type ${type}`, {
    why: 'older peers have ciphers for RSA and ECDSA only',
    change: `${key}.certificateFile: a certificate for an ECDSA P-256 or RSA key`,
  })

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

const chainOf = ({ chainPem }: TlsMaterial): Chain => {
  const [leaf, ...above] = (chainPem.match(PEM_CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem))
  if (!leaf) throw new Error('loaded material has a certificate')
  return { leaf, above }
}

/** What peers will hold against our client certificate, for when one of them does. */
export const faultsOfClient = ({ chain: { leaf } }: OwnTls, now: Date): readonly string[] =>
  [
    judgePurpose({ certificate: leaf, mender: '' }, 'clientAuth'),
    judgeExpiry({ certificate: leaf, mender: '' }, now),
  ].flatMap(({ verdict, fact }) => (verdict === 'failed' ? [`our client certificate: ${fact}`] : []))
