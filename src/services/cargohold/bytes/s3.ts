/**
 * Bytes in a store that speaks S3. An object appears there when its upload is complete, in one part or in many, so here
 * too whoever finds it finds all of it.
 */
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  NoSuchKey,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Log } from '#src/kit/log.ts'
import { ADDRESS_SECONDS, S3_ATTEMPTS_MAX, S3_PART_BYTES_MIN, S3_PARTS_MAX, S3_TIMEOUT_MS } from '../limits.ts'
import type { AssetId } from '../retention.ts'
import { type ByteStore, exactly, type Incoming } from './byte-store.ts'

export interface S3Options {
  readonly bucket: string
  readonly region: string
  readonly endpoint?: string | undefined
  readonly forcePathStyle: boolean
  readonly accessKeyId?: string | undefined
  readonly secretAccessKeyFile?: string | undefined
  readonly redirect: boolean
}

interface Store {
  readonly client: S3Client
  readonly bucket: string
  readonly log: Log
}

export const s3Bytes = async (options: S3Options, log: Log): Promise<ByteStore> => {
  const store = { client: await clientFor(options), bucket: options.bucket, log }
  const objectOf = (id: AssetId) => ({ Bucket: options.bucket, Key: id })
  return {
    write: (id, incoming) => write(store, id, incoming),
    read: async (id, range) => {
      const part = range && { Range: `bytes=${range.start}-${range.end}` }
      try {
        const { Body: body } = await store.client.send(new GetObjectCommand({ ...objectOf(id), ...part }))
        if (!(body instanceof Readable)) throw new Error('the store sends no stream')
        return body
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined
        throw error
      }
    },
    remove: async (id) => {
      await store.client.send(new DeleteObjectCommand(objectOf(id)))
      await abortUploads(store, id)
    },
    addressOf: async (id) =>
      options.redirect
        ? getSignedUrl(
            store.client,
            new GetObjectCommand({
              ...objectOf(id),
              ResponseContentType: 'application/octet-stream',
              ResponseContentDisposition: 'attachment',
            }),
            { expiresIn: ADDRESS_SECONDS },
          )
        : undefined,
    [Symbol.asyncDispose]: async () => store.client.destroy(),
  }
}

const clientFor = async (options: S3Options): Promise<S3Client> => {
  const { region, endpoint, forcePathStyle, accessKeyId, secretAccessKeyFile } = options
  const secret = secretAccessKeyFile === undefined ? undefined : await readFile(secretAccessKeyFile, 'utf8')
  return new S3Client({
    region,
    forcePathStyle,
    ...(endpoint !== undefined && { endpoint }),
    ...(accessKeyId !== undefined &&
      secret !== undefined && { credentials: { accessKeyId, secretAccessKey: secret.trim() } }),
    maxAttempts: S3_ATTEMPTS_MAX,
    requestHandler: { connectionTimeout: S3_TIMEOUT_MS, socketTimeout: S3_TIMEOUT_MS },
    // Newer checksums are unknown to many stores that are not Amazon's.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

const write = async ({ client, bucket }: Store, id: AssetId, incoming: Incoming): Promise<void> => {
  const upload = new Upload({
    client,
    params: { Bucket: bucket, Key: id, Body: Readable.from(exactly(incoming), { objectMode: false }) },
    // One part after the other: what waits for its turn would be held in memory.
    queueSize: 1,
    partSize: Math.max(S3_PART_BYTES_MIN, Math.ceil(incoming.length / S3_PARTS_MAX)),
  })
  await upload.done()
}

/** Parts of an upload that was never finished are invisible, and are paid for. */
const abortUploads = async ({ client, bucket, log }: Store, id: AssetId): Promise<void> => {
  try {
    const { Uploads: uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: id }))
    for (const { Key: key, UploadId: upload } of uploads) {
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: upload }))
    }
  } catch (error) {
    // A store that does not list them, or not for us: then only its own rules can take them away.
    if (!(error instanceof S3ServiceException && error.$fault === 'client')) throw error
    log.warn({ err: error, asset: id }, 'unfinished uploads of an asset cannot be looked for')
  }
}
