/** Where the things of one world lie in its data directory. */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { SOCKET_PATH_BYTES_MAX } from './limits.ts'

export interface BackendLayout {
  readonly domain: string
  readonly infraDomain: string
  readonly directory: string
  readonly configFile: string
  readonly dataDirectory: string
  readonly certificateFile: string
  readonly keyFile: string
  readonly nginxDirectory: string
  /** One file per process; a backend that runs as a whole has only `comity.log`. */
  logFile(process: string): string
}

export interface WorldLayout {
  readonly directory: string
  /** Ports and accounts, kept from one start to the next. */
  readonly stateFile: string
  readonly controlSocket: string
  readonly authorityDirectory: string
  readonly authorityFile: string
  readonly authorityKeyFile: string
  backend(domain: string): BackendLayout
}

export function worldLayout(dataDirectory: string): WorldLayout {
  const directory = resolve(dataDirectory)
  const authorityDirectory = join(directory, 'authority')
  return {
    directory,
    stateFile: join(directory, 'world.json'),
    controlSocket: socketPath(directory),
    authorityDirectory,
    authorityFile: join(authorityDirectory, 'authority.crt.pem'),
    authorityKeyFile: join(authorityDirectory, 'authority.key.pem'),
    backend: (domain) => backendLayout(directory, domain),
  }
}

function backendLayout(world: string, domain: string): BackendLayout {
  const directory = join(world, domain)
  return {
    domain,
    infraDomain: `federator.${domain}`,
    directory,
    configFile: join(directory, 'comity.yaml'),
    dataDirectory: join(directory, 'data'),
    certificateFile: join(directory, 'federator.crt.pem'),
    keyFile: join(directory, 'federator.key.pem'),
    nginxDirectory: join(directory, 'nginx'),
    logFile: (process) => join(directory, `${process}.log`),
  }
}

/** In the data directory if the path is short enough for a socket, else in a place that follows from it. */
function socketPath(directory: string): string {
  const beside = join(directory, 'control.sock')
  if (Buffer.byteLength(beside) <= SOCKET_PATH_BYTES_MAX) return beside
  return join(tmpdir(), `comity-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}.sock`)
}
