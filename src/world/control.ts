/**
 * How `comity world stop` and `start` reach a running world: one line of JSON each way over a unix socket in its
 * data directory. Holding the socket is also the lock on that directory.
 */
import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { causeChain } from '#src/kit/errors.ts'
import { CONTROL_LINE_BYTES_MAX } from './limits.ts'

export type ControlRequest =
  | { readonly command: 'start'; readonly domain: string }
  | { readonly command: 'stop'; readonly domain: string; readonly kill: boolean }
  | { readonly command: 'status' }

export interface BackendStatus {
  readonly domain: string
  readonly isRunning: boolean
  readonly clientApi: string
  readonly pids: readonly number[]
}

export type ControlAnswer =
  | { readonly outcome: 'done'; readonly backends: readonly BackendStatus[] }
  | { readonly outcome: 'failed'; readonly reason: string }

export type Control = (request: ControlRequest) => Promise<readonly BackendStatus[]>

export class WorldIsRunning extends Error {
  constructor(directory: string) {
    super(
      `another world runs on ${directory}; stop it first (Ctrl-C where it runs), or choose another directory with --data`,
    )
    this.name = 'WorldIsRunning'
  }
}

/** Commands are carried out one after the other: starting what is just being stopped would confuse both. */
export async function serveControl(path: string, directory: string, control: Control): Promise<AsyncDisposable> {
  let previous: Promise<unknown> = Promise.resolve()
  const inTurn = (line: string): Promise<ControlAnswer> => {
    const answered = previous.then(() => carryOut(line, control))
    previous = answered
    return answered
  }
  const server = createServer((socket) => void answer(socket, inTurn))
  await listenAlone(server, path, directory)
  return {
    async [Symbol.asyncDispose]() {
      server.close()
      await rm(path, { force: true })
    },
  }
}

/** undefined when no world runs there. */
export async function askWorld(path: string, request: ControlRequest): Promise<ControlAnswer | undefined> {
  const socket = await connectTo(path)
  if (!socket) return undefined
  socket.write(`${JSON.stringify(request)}\n`)
  const line = await readLine(socket)
  if (line === undefined) return { outcome: 'failed', reason: 'the world ended before it answered' }
  return JSON.parse(line) as ControlAnswer
}

async function answer(socket: Socket, inTurn: (line: string) => Promise<ControlAnswer>): Promise<void> {
  // Whoever went away without waiting for the answer does not need it.
  socket.on('error', () => socket.destroy())
  const line = await readLine(socket)
  if (line === undefined) return
  socket.end(`${JSON.stringify(await inTurn(line))}\n`)
}

async function carryOut(line: string, control: Control): Promise<ControlAnswer> {
  try {
    return { outcome: 'done', backends: await control(JSON.parse(line) as ControlRequest) }
  } catch (error) {
    return { outcome: 'failed', reason: causeChain(error) }
  }
}

async function listenAlone(server: Server, path: string, directory: string): Promise<void> {
  const other = await connectTo(path)
  other?.destroy()
  if (other) throw new WorldIsRunning(directory)
  // Left behind by a world that was killed.
  await rm(path, { force: true })
  server.listen(path)
  await once(server, 'listening')
  await chmod(path, 0o600)
}

async function connectTo(path: string): Promise<Socket | undefined> {
  const socket = connect(path)
  return once(socket, 'connect').then(
    () => socket,
    () => undefined,
  )
}

/** undefined when the other side ends, fails or talks too much before the line is complete. */
async function readLine(socket: Socket): Promise<string | undefined> {
  let text = ''
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      text += String(chunk)
      if (text.includes('\n')) return text.slice(0, text.indexOf('\n'))
      if (text.length > CONTROL_LINE_BYTES_MAX) return undefined
    }
  } catch {
    // A command that broke off was not given.
  }
  return undefined
}
