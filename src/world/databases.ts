/** One database per backend on a PostgreSQL server that the world was pointed at. */
import type { Client } from 'pg'
import { DATABASE_CONNECT_MS } from './limits.ts'

/** The URL of the database of that name, which exists afterwards. */
export async function createDatabase(serverUrl: string, name: string): Promise<string> {
  await withServer(serverUrl, async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`)
  })
  const url = new URL(serverUrl)
  url.pathname = `/${encodeURIComponent(name)}`
  return url.href
}

export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await withServer(serverUrl, async (client) => {
    await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`)
  })
}

/** `alpha.test` → `comity_alpha_test`; PostgreSQL cuts names at 63 bytes. */
export const databaseName = (domain: string): string => `comity_${domain.replaceAll(/[.-]/g, '_')}`.slice(0, 63)

async function withServer(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  // Loaded only where a server is used; the embedded database needs none of it.
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: DATABASE_CONNECT_MS })
  try {
    await client.connect()
  } catch (cause) {
    const { hostname, port } = new URL(url)
    throw new Error(
      `PostgreSQL at ${hostname}:${port || '5432'} cannot be used; is it running, and is the URL right?`,
      { cause },
    )
  }
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
