/**
 * Reading key packages (RFC 9420 §10). Put together from the decoders of `ts-mls` instead of its one for the whole:
 * what was signed is verified as the bytes that came, never as our own writing of them, and lists of thousands of
 * unknown numbers, which a stranger may well send, cost next to nothing.
 */
import { decodeUint16, decodeUint64, decodeUint8 } from 'ts-mls/codec/number.js'
import {
  type Decoder,
  failDecoder,
  flatMapDecoder,
  mapDecoder,
  mapDecoderOption,
  mapDecoders,
} from 'ts-mls/codec/tlsDecoder.js'
import { decodeVarLenData, decodeVarLenType } from 'ts-mls/codec/variableLength.js'
import { CodecError } from 'ts-mls/mlsError.js'

export const MLS_10 = 1
/** Credential types (RFC 9420 §17.5). */
export const BASIC = 1
export const X509 = 2

export type Credential =
  | { readonly type: typeof BASIC; readonly identity: Uint8Array }
  | { readonly type: typeof X509; readonly certificates: readonly Uint8Array[] }

export interface Leaf {
  readonly signatureKey: Uint8Array
  readonly credential: Credential
  /** Numbers of credential types that the client understands. */
  readonly credentials: readonly number[]
  /** In seconds since 1970. */
  readonly notBefore: bigint
  readonly notAfter: bigint
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

export interface KeyPackage {
  readonly bytes: Uint8Array
  readonly version: number
  readonly suite: number
  readonly leaf: Leaf
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/** `undefined` for bytes that are no key package, or more than one. */
export const readKeyPackage = (bytes: Uint8Array): KeyPackage | undefined => {
  try {
    const decoded = keyPackage(bytes, 0)
    return decoded?.[1] === bytes.length ? { ...decoded[0], bytes } : undefined
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}

const numbers = decodeVarLenType(decodeUint16)
const extensions = decodeVarLenType(mapDecoders([decodeUint16, decodeVarLenData], (type, _data) => type))

/** Of other types we would not know where they end. */
const credential: Decoder<Credential> = flatMapDecoder(decodeUint16, (type): Decoder<Credential> => {
  if (type === BASIC) return mapDecoder(decodeVarLenData, (identity) => ({ type, identity }))
  if (type === X509) return mapDecoder(decodeVarLenType(decodeVarLenData), (certificates) => ({ type, certificates }))
  return failDecoder()
})

/** Versions, suites, extensions and proposals do not concern us. */
const capabilities = mapDecoders(
  [numbers, numbers, numbers, numbers, numbers],
  (...[_versions, _suites, _extensions, _proposals, credentials]) => credentials,
)

const lifetime = mapDecoders([decodeUint64, decodeUint64], (notBefore, notAfter) => ({ notBefore, notAfter }))

const SOURCE_KEY_PACKAGE = 1

/** Leaves from elsewhere, of updates and commits, go on in another way. */
const source = mapDecoderOption(decodeUint8, (found) => (found === SOURCE_KEY_PACKAGE ? found : undefined))

const leafContent = mapDecoders(
  [decodeVarLenData, decodeVarLenData, credential, capabilities, source],
  (...[_hpkeKey, signatureKey, own, credentials]) => ({ signatureKey, credential: own, credentials }),
)

const signedPart =
  <T extends object>(content: Decoder<T>): Decoder<T & { signed: Uint8Array; signature: Uint8Array }> =>
  (bytes, offset) => {
    const decoded = content(bytes, offset)
    const signature = decoded && decodeVarLenData(bytes, offset + decoded[1])
    if (!signature) return undefined
    const signed = bytes.subarray(offset, offset + decoded[1])
    return [{ ...decoded[0], signed, signature: signature[0] }, decoded[1] + signature[1]]
  }

const leaf: Decoder<Leaf> = signedPart(
  mapDecoders([leafContent, lifetime, extensions], (content, { notBefore, notAfter }, _extensions) => ({
    ...content,
    notBefore,
    notAfter,
  })),
)

const keyPackage: Decoder<Omit<KeyPackage, 'bytes'>> = signedPart(
  mapDecoders(
    [decodeUint16, decodeUint16, decodeVarLenData, leaf, extensions],
    (...[version, suite, _initKey, node]) => ({ version, suite, leaf: node }),
  ),
)
