/** The configuration file of one backend of a world: the same kind of file that an operator writes. */
import { mkdir } from 'node:fs/promises'
import { type BackendPorts, LOOPBACK } from './ports.ts'
import type { BackendLayout } from './layout.ts'
import { replaceFile } from './replace-file.ts'

/** Accepted as e-mail code for every address; worlds send no mail. */
export const HEADLESS_CODE = '123456'

export interface BackendSetup {
  readonly backend: BackendLayout
  readonly ports: BackendPorts
  /** The domains it federates with. */
  readonly remotes: readonly string[]
  readonly dns: { readonly host: string; readonly port: number }
  readonly authorityFile: string
  readonly databaseUrl: string | undefined
  /** As an operator runs it, instead of for trying things: nothing is traced, and memory is not spared. */
  readonly isMeasured?: boolean
  /** Sections of the file in which this world is unlike others. */
  readonly settings?: object | undefined
}

export async function writeBackendConfig(setup: BackendSetup): Promise<void> {
  await mkdir(setup.backend.dataDirectory, { recursive: true, mode: 0o700 })
  const text = `# Written by the local world at every start.\n${yaml(backendConfig(setup))}`
  // The database URL may hold a password.
  await replaceFile(setup.backend.configFile, text, 0o600)
}

export function backendConfig(setup: BackendSetup) {
  const { backend, ports, remotes, dns, authorityFile, databaseUrl, isMeasured = false, settings } = setup
  const identity = { certificateFile: backend.certificateFile, privateKeyFile: backend.keyFile }
  const listen = Object.entries(ports).map(([listener, port]) => [listener, { host: LOOPBACK, port }] as const)
  return {
    domain: backend.domain,
    infraDomain: backend.infraDomain,
    dataDirectory: backend.dataDirectory,
    ...(databaseUrl !== undefined && { database: { url: databaseUrl } }),
    listen: Object.fromEntries(listen),
    federation: {
      strategy: 'allowDynamic',
      remotes: remotes.map((domain) => ({
        domain,
        search_policy: 'full_search',
        restriction: { tag: 'allow_all', value: null },
      })),
      dns: { servers: [dns] },
      // Everything is on this machine.
      peerAddresses: { allowed: ['loopback'] },
      tls: { ...identity, caFile: authorityFile, useSystemCa: false },
      ingress: { ...identity, clientCaFile: authorityFile, verifyDepth: 1 },
    },
    development: { insecureCookies: true, headlessCode: HEADLESS_CODE, traceHops: !isMeasured },
    log: { level: 'info' },
    ...settings,
  }
}

/**
 * Every JSON value is a YAML value, so only the nesting of maps is ours to write. The library would cost a world
 * fifteen megabytes for as long as it runs.
 */
export function yaml(map: object, indent = ''): string {
  return Object.entries(map)
    .map(([key, value]: [string, unknown]) => {
      const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
      return isMap ? `${indent}${key}:\n${yaml(value, `${indent}  `)}` : `${indent}${key}: ${JSON.stringify(value)}\n`
    })
    .join('')
}
