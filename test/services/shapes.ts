/** The two shapes in which every story is told: all of it ours, and none of it that a server of the system can do. */
import { findExecutable } from '#src/world/executables.ts'
import { EMBEDDED, type Shape } from '#src/world/test-network.ts'
import { startRealDns } from './dns.ts'
import { findPostgres, startPostgres } from './postgres.ts'
import { Missing } from './service.ts'

export type ShapeName = 'embedded' | 'split'

/**
 * `split`: nginx, PostgreSQL and a real name server, every role in a process of its own. Throws {@link Missing}
 * where one of the servers is not installed.
 */
export async function shapeNamed(name: ShapeName): Promise<Shape> {
  if (name === 'embedded') return EMBEDDED
  const missing = await whatIsMissing()
  if (missing) throw missing
  const postgres = await startPostgres()
  return {
    ingress: 'nginx',
    roles: 'apart',
    createDatabase: postgres.createDatabase,
    startDns: startRealDns,
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  }
}

/** The first server that `split` needs and the machine does not have. */
export async function whatIsMissing(): Promise<Missing | undefined> {
  if ((await findExecutable('nginx')) === undefined) return new Missing('nginx', 'nginx-light')
  const hasDns = (await findExecutable('knotd')) ?? (await findExecutable('named'))
  if (hasDns === undefined) return new Missing('a DNS server (Knot or BIND)', 'knot')
  return (await findPostgres()) === undefined ? new Missing('PostgreSQL', 'postgresql') : undefined
}
