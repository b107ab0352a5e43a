/** For tests: a real S3 server in the process, with an empty bucket in a directory of its own. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { S3Options } from './bytes/s3.ts'

export interface TestS3 extends AsyncDisposable {
  readonly options: S3Options
  /** Names of what is kept. */
  objects(): Promise<string[]>
}

const BUCKET = 'comity-assets'
/** The only key that the server knows. */
const KEY = 'S3RVER'

interface S3rver {
  run(): Promise<AddressInfo>
  close(): Promise<void>
}

// It comes without types.
const S3rverClass = createRequire(import.meta.url)('@20minutes/s3rver') as new (options: object) => S3rver

export const startTestS3 = async ({ redirect = false } = {}): Promise<TestS3> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'comity-s3-'))
  const data = path.join(directory, 'data')
  const server = new S3rverClass({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: data,
    configureBuckets: [{ name: BUCKET }],
  })
  const { port } = await server.run()
  const secretAccessKeyFile = path.join(directory, 'secret')
  await writeFile(secretAccessKeyFile, `${KEY}\n`)
  return {
    options: {
      bucket: BUCKET,
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      forcePathStyle: true,
      accessKeyId: KEY,
      secretAccessKeyFile,
      redirect,
    },
    objects: async () => {
      const files = await readdir(path.join(data, BUCKET))
      return files.flatMap((file) => /^(.*)\._S3rver_object$/.exec(file)?.[1] ?? [])
    },
    [Symbol.asyncDispose]: async () => {
      await server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
