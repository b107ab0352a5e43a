/** Requests by the frame, and a server of ours that answers them. */
import { readAll } from '#src/kit/http/wire.ts'
import type { Asked } from '#src/kit/http2/server.ts'
import { FLAG, FRAME, field, fieldsOf, frame } from '#test/federation/raw-http2.ts'
import { rawClient, serverOptions, startOwnServer } from './loopback.ts'

export const HEAD = { ':method': 'POST', ':scheme': 'https', ':authority': 'own.test', ':path': '/x' }
export const PADDED = 8
export const PRIORITY = 0x20
export const PRIORITY_FRAME = 2
export const PUSH_PROMISE = 5
export const NONE = Buffer.alloc(0)

export const headers = (stream: number, flags: number, block: Uint8Array = fieldsOf(HEAD)) =>
  frame(FRAME.headers, flags | FLAG.endHeaders, stream, block)
export const whole = (stream: number, block?: Uint8Array) => headers(stream, FLAG.endStream, block)
export const data = (stream: number, text: string, flags = 0) => frame(FRAME.data, flags, stream, Buffer.from(text))
export const withLength = (length: string) => Buffer.concat([fieldsOf(HEAD), field('content-length', length)])
export const without = (name: string) =>
  fieldsOf(Object.fromEntries(Object.entries(HEAD).filter(([own]) => own !== name)))
export const plus = (name: string, value: string) => Buffer.concat([fieldsOf(HEAD), field(name, value)])

export const STATUS_200 = 0x88

export const answer = async ({ stream, body }: Asked): Promise<void> => {
  const bytes = await readAll(body).catch(() => undefined)
  if (!bytes) return
  stream.sendHead([':status', '200'], false)
  stream.end(Buffer.from(`${bytes.length}`))
}

export const start = async (serve: (asked: Asked) => Promise<void> | void = answer, options = serverOptions()) => {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await startOwnServer(serve, options))
  const raw = await rawClient(server.port)
  return { server, raw, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

export const CODE = { protocol: 1, flowControl: 3, closed: 5, size: 6, refused: 7, compression: 9, calm: 11 }
