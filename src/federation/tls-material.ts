/**
 * Certificates, key and trust anchors as one checked value. It is replaced as a whole or not at all: whoever opens
 * a connection asks for the current one.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { getCACertificates } from 'node:tls'

export interface TlsMaterial {
  /** Leaf first, then what leads to the authority: all of it is shown to the other side. */
  readonly chainPem: string
  readonly keyPem: string
  /** The bundle that anchors were read from; undefined when only those of the system are trusted. */
  readonly caPem?: string | undefined
  /** Authorities that the other side's certificate must come from. Empty: nobody is trusted. */
  readonly anchors: readonly X509Certificate[]
}

/** The material to use for the next connection. */
export type CurrentTls = () => TlsMaterial

export interface TlsFiles {
  readonly certificateFile: string
  readonly privateKeyFile: string
  /** A bundle: one authority or several. */
  readonly caFile?: string | undefined
  readonly useSystemCa?: boolean
}

/**
 * Reads and checks everything; the error says which file is at fault and why. Files that say what they said before are
 * not looked into again: then it is `present` that is returned.
 */
export const loadTlsMaterial = async (
  { certificateFile, privateKeyFile, caFile, useSystemCa = false }: TlsFiles,
  present?: TlsMaterial,
): Promise<TlsMaterial> => {
  const chainPem = await read(certificateFile, 'the certificate')
  const keyPem = await read(privateKeyFile, 'the private key')
  const caPem = caFile === undefined ? undefined : await read(caFile, 'the trusted authorities')
  if (present?.chainPem === chainPem && present.keyPem === keyPem && present.caPem === caPem) return present
  const [leaf] = parseCertificates(chainPem, certificateFile)
  if (!leaf.checkPrivateKey(parseKey(keyPem, privateKeyFile))) {
    throw new Error(`the private key ${privateKeyFile} does not belong to the certificate ${certificateFile}`)
  }
  const own = caFile === undefined || caPem === undefined ? [] : parseCertificates(caPem, caFile)
  const system = useSystemCa ? getCACertificates('system').map((pem) => new X509Certificate(pem)) : []
  return { chainPem, keyPem, caPem, anchors: [...own, ...system] }
}

/** Whether nothing would change by using one instead of the other. */
export const isSameMaterial = (one: TlsMaterial, other: TlsMaterial): boolean =>
  one.chainPem === other.chainPem && one.keyPem === other.keyPem && fingerprints(one) === fingerprints(other)

const fingerprints = ({ anchors }: TlsMaterial): string => anchors.map((each) => each.fingerprint256).join()

const read = (file: string, what: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`reading ${what} from ${file}`, { cause })
  })

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

const parseCertificates = (pem: string, file: string): [X509Certificate, ...X509Certificate[]] => {
  const [first, ...rest] = (pem.match(PEM_CERTIFICATE) ?? []).map((block, index) => {
    try {
      return new X509Certificate(block)
    } catch (cause) {
      throw new Error(`certificate ${index + 1} of ${file} cannot be read`, { cause })
    }
  })
  if (!first) throw new Error(`${file} holds no certificate in PEM form`)
  return [first, ...rest]
}

const parseKey = (pem: string, file: string): KeyObject => {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new Error(`${file} holds no private key in PEM form, or an encrypted one`, { cause })
  }
}
