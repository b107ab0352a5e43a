/** Assets as an app sends and fetches them, byte by byte as client-assets.md §2 shows it. */
import { createHash } from 'node:crypto'
import { request } from 'undici'
import { z } from 'zod'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Person } from '#src/world/person.ts'

export const Asset = z.strictObject({
  key: z.string(),
  domain: z.string(),
  token: z.string().optional(),
  expires: z.string().optional(),
})
export type Asset = z.infer<typeof Asset>

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
}

const PATIENCE_MS = 60_000
const BOUNDARY = 'Frontier9x2kq1'

export const multipart = (settings: object | string, data: Uint8Array, wishes: { readonly length?: number } = {}) => {
  const json = typeof settings === 'string' ? settings : JSON.stringify(settings)
  const head = [
    `--${BOUNDARY}`,
    'Content-Type: application/json;charset=utf-8',
    `Content-length: ${json.length}`,
    '',
    json,
    `--${BOUNDARY}`,
    'Content-Type: application/octet-stream',
    `Content-length: ${wishes.length ?? data.length}`,
    `Content-MD5: ${createHash('md5').update(data).digest('base64')}`,
    '',
    '',
  ].join('\r\n')
  return Buffer.concat([Buffer.from(head), data, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)])
}

export const MULTIPART = { 'content-type': `multipart/mixed; boundary=${BOUNDARY}` }

interface Asking {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** The path with its version. */
export const ask = ({ app }: Person, path: string, { method = 'GET', headers = {}, body }: Asking = {}) =>
  withDeadline(
    async (signal): Promise<Answered> => {
      const response = await request(`${app.http.baseUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${app.http.token ?? ''}`, ...headers },
        body: body ?? null,
        signal,
      })
      const bytes = Buffer.from(await response.body.arrayBuffer())
      return { status: response.statusCode, headers: response.headers, bytes }
    },
    PATIENCE_MS,
    `${method} ${path}`,
  )

export const upload = async (person: Person, data: Uint8Array, settings: object = {}): Promise<Asset> => {
  const answered = await ask(person, '/v8/assets', {
    method: 'POST',
    headers: MULTIPART,
    body: multipart(settings, data),
  })
  if (answered.status !== 201)
    throw new Error(`the upload was answered ${answered.status} ${answered.bytes.toString()}`)
  return Asset.parse(JSON.parse(answered.bytes.toString()))
}

export const download = (person: Person, { domain, key, token }: Asset): Promise<Answered> =>
  ask(person, `/v8/assets/${domain}/${key}`, token === undefined ? {} : { headers: { 'asset-token': token } })
