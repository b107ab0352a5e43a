/** Who transfers the file: two of our backends in one shape, or the chain of nginx with the same bytes at its end. */
import { z } from 'zod'
import type { Person } from '#src/world/person.ts'
import { type Shape, TestNetwork } from '#src/world/test-network.ts'
import type { Ground } from '../transport/ground.ts'
import { headersFor } from '../transport/load.ts'
import { startNginxChain } from '../transport/nginx-chain.ts'
import { RPC, startResponder } from '../transport/responder.ts'
import type { Watched } from './memory.ts'
import type { TransferOrder } from './transfers.ts'

export type Way = 'up' | 'down' | 'down from the other backend'
export type Plan = Pick<TransferOrder, 'url' | 'method' | 'headers' | 'upload' | 'body'>

export interface Contestant {
  readonly name: string
  readonly plans: Readonly<Partial<Record<Way, Plan>>>
  readonly processes: readonly Watched[]
  /** Told of the answer to an upload. */
  uploaded(answer: string): void
}

export const startNginx = async (ground: Ground): Promise<Contestant> => {
  const chain = await startNginxChain(ground, await startResponder(ground))
  return {
    name: 'four nginx',
    plans: {
      'down from the other backend': {
        url: `http://127.0.0.1:${chain.port}/rpc/${chain.domain}/${RPC.down}`,
        method: 'POST',
        headers: headersFor(chain),
        body: '{}',
      },
    },
    processes: [],
    uploaded: () => {},
  }
}

const DOMAINS = ['alpha.test', 'beta.test'] as const
const BYTES_MAX = 2 ** 33
const Uploaded = z.object({ key: z.string(), domain: z.string() })

export const startBackends = async (
  name: string,
  shape: Shape,
  { bytes }: { readonly bytes: number },
): Promise<Contestant & AsyncDisposable> => {
  const assets = { maxBytes: BYTES_MAX, teamMaxBytes: BYTES_MAX, remoteMaxBytes: BYTES_MAX }
  const network = await TestNetwork.start(DOMAINS, {
    ...shape,
    isMeasured: true,
    settings: { assets },
  })
  const [alice, bob] = await network.register('alice@alpha.test', 'bob@beta.test')
  if (!alice || !bob) throw new Error('nobody is there')
  let asset = { key: '', domain: '' }
  const from = ({ app }: Person): Plan => ({
    url: `${app.http.baseUrl}/v8/assets/${asset.domain}/${asset.key}`,
    method: 'GET',
    headers: bearer({ app }),
  })
  return {
    name,
    get plans() {
      return { up: uploadPlan(alice, bytes), down: from(alice), 'down from the other backend': from(bob) }
    },
    processes: DOMAINS.flatMap((domain) =>
      network.backend(domain).processes.map(({ name: process, pid }) => ({ name: process, pid })),
    ),
    uploaded: (answer) => {
      asset = Uploaded.parse(JSON.parse(answer))
    },
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  }
}

const bearer = ({ app }: Pick<Person, 'app'>): Record<string, string> => ({
  authorization: `Bearer ${app.http.token ?? ''}`,
})

const BOUNDARY = 'Frontier9x2kq1'

const uploadPlan = (person: Person, bytes: number): Plan => ({
  url: `${person.app.http.baseUrl}/v8/assets`,
  method: 'POST',
  headers: { ...bearer(person), 'content-type': `multipart/mixed; boundary=${BOUNDARY}` },
  upload: {
    before: `--${BOUNDARY}\r\nContent-Type: application/json\r\n\r\n{"public":true}\r\n--${BOUNDARY}\r\nContent-Length: ${bytes}\r\n\r\n`,
    bytes,
    after: `\r\n--${BOUNDARY}--\r\n`,
  },
})
