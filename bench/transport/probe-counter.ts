/** What some processes have counted: each time, they add a byte to a file (`probe.ts`). */
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const COUNTED = ['handshakes', 'certificates parsed'] as const
export type Counted = (typeof COUNTED)[number]

export const PROBE_VARIABLE = 'COMITY_BENCH_PROBE'

export interface Probe {
  readonly environment: Readonly<Record<string, string>>
  readonly count: (what: Counted) => Promise<number>
}

export const startProbe = async (directory: string): Promise<Probe> => {
  await mkdir(directory)
  await Promise.all(COUNTED.map((what) => writeFile(fileOf(directory, what), '')))
  return {
    environment: { [PROBE_VARIABLE]: directory },
    count: async (what) => (await stat(fileOf(directory, what))).size,
  }
}

export const fileOf = (directory: string, what: Counted): string => join(directory, what.replaceAll(' ', '-'))

/** How a Node process of a chain is started: it counts, and ends with us. */
export const NODE_ARGUMENTS: readonly string[] = ['../../src/world/die-with-parent.ts', 'probe.ts'].flatMap((file) => [
  '--import',
  pathToFileURL(join(import.meta.dirname, file)).href,
])
