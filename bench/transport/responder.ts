/**
 * The component at the end of every chain: nginx with answers that never change, so that as little as possible of the
 * machine goes to what is not measured. It is also the brig that our federators ask for the known remotes.
 */
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RemoteConfigs } from '#src/contract/internal/remotes.ts'
import type { Ground } from './ground.ts'
import { startNginx } from './nginx-server.ts'

export const RESPONDER_SITE = 'responder'
export const ANSWER_BYTES = 500
/** federation-transport.md limits requests to less than 100 MB, so what goes up goes in pieces. */
export const UPLOAD_PIECE_MB = 25

export interface Responder {
  readonly port: number
  readonly pid: number
}

/** Where in a component. What is large has addresses of its own, as with real components. */
export const RPC = { small: 'brig/get-users-by-ids', down: 'cargohold/stream-asset', up: 'galley/send-large' } as const

export const startResponder = async (ground: Ground): Promise<Responder> => {
  const { brig: port } = ground.portsOf(RESPONDER_SITE)
  const directory = await ground.directoryOf(RESPONDER_SITE)
  const asset = join(directory, 'asset')
  // Zeros, which take no room; nobody here compresses.
  await writeFile(asset, '')
  await truncate(asset, ground.options.bulk * 1e6)
  const { pid } = await startNginx(ground, RESPONDER_SITE, serverSection(port, asset))
  return { port, pid }
}

const serverSection = (port: number, asset: string): string => `
  server {
    listen 127.0.0.1:${port} backlog=4096;
    default_type application/json;
    location = /i/federation/remotes { return 200 '${remotes()}'; }
    location = /federation/stream-asset {
      # A file is only for GET and HEAD; what was refused goes on as GET.
      error_page 405 =200 /asset;
      return 405;
    }
    location = /asset {
      internal;
      default_type application/octet-stream;
      alias "${asset}";
    }
    location = /federation/send-large {
      # Passing on is what makes nginx read the whole body; of which nothing is passed on.
      client_body_buffer_size ${UPLOAD_PIECE_MB + 1}m;
      proxy_set_header Connection "";
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_pass http://127.0.0.1:${port}/small;
    }
    location / { return 200 '${answer()}'; }
  }`

const answer = (): string => {
  const text = JSON.stringify({ name: 'Responder', pad: '' })
  return `${text.slice(0, -2)}${'x'.repeat(ANSWER_BYTES - text.length)}"}`
}

const remotes = (): string =>
  JSON.stringify(RemoteConfigs.encode({ strategy: 'allowAll', remotes: [], update_interval: 10 }))
