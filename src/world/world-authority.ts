/** The authority of a local world and the certificates of its backends, made once and kept as PEM files. */
import { mkdir, readFile } from 'node:fs/promises'
import type { Clock } from '#src/kit/clock.ts'
import type { Authority } from './authority.ts'
import { certificateValidAt, writeCredential } from './credential-files.ts'
import type { WorldLayout } from './layout.ts'
import { CERTIFICATE_RENEW_BEFORE_MS } from './limits.ts'

/** Every backend has a good certificate afterwards. The library that makes them is loaded only if one is missing. */
export async function ensureCredentials(layout: WorldLayout, domains: readonly string[], clock: Clock): Promise<void> {
  const soon = new Date(clock.now().getTime() + CERTIFICATE_RENEW_BEFORE_MS)
  const hasAuthority = (await certificateValidAt(layout.authorityFile, soon)) !== undefined
  const missing: string[] = []
  for (const domain of domains) {
    const valid = hasAuthority && (await certificateValidAt(layout.backend(domain).certificateFile, soon))
    if (!valid) missing.push(domain)
  }
  if (missing.length === 0) return

  const authority = hasAuthority ? await worldAuthority(layout, clock) : await fresh(layout, clock)
  for (const domain of missing) {
    const { directory, infraDomain } = layout.backend(domain)
    await mkdir(directory, { recursive: true })
    await writeCredential(directory, 'federator', await authority.issue({ dnsNames: [infraDomain] }))
  }
}

/** For tests that need further certificates of a world's authority. */
export async function worldAuthority(layout: WorldLayout, clock: Clock): Promise<Authority> {
  const { restoreAuthority } = await import('./authority.ts')
  const certificate = await readFile(layout.authorityFile, 'utf8')
  const key = await readFile(layout.authorityKeyFile, 'utf8')
  return restoreAuthority({ certificate, key }, clock)
}

async function fresh(layout: WorldLayout, clock: Clock): Promise<Authority> {
  const { createAuthority } = await import('./authority.ts')
  const authority = await createAuthority('Comity local world', clock)
  await mkdir(layout.authorityDirectory, { recursive: true, mode: 0o700 })
  await writeCredential(layout.authorityDirectory, 'authority', authority)
  return authority
}
