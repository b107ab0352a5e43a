/**
 * Which part of `src` may import which. Changing a row needs a page in docs/decisions; the first additions to the
 * original table are explained in docs/decisions/rpc-folder.md.
 *
 * A part is a folder of `src`, a service, or a file that stands directly in `src`. An allowed name is a part, or one
 * file of it. `everything` is for the places that put the parts together.
 */
export const EVERYTHING = 'everything'

export const MAY_IMPORT: Readonly<Record<string, readonly string[] | typeof EVERYTHING>> = {
  kit: [],
  contract: ['kit/endpoint.ts'],
  storage: ['kit'],
  rpc: ['kit', 'contract'],
  // What a server has to understand of MLS; docs/decisions/mls-folder.md.
  mls: ['kit', 'contract'],
  queue: ['kit', 'contract', 'storage', 'rpc'],
  federation: ['kit', 'contract', 'rpc'],
  'services/brig': ['kit', 'contract', 'storage', 'queue', 'rpc', 'mls'],
  'services/galley': ['kit', 'contract', 'storage', 'queue', 'rpc', 'mls'],
  'services/cargohold': ['kit', 'contract', 'storage', 'queue', 'rpc'],
  'services/gundeck': ['kit', 'contract', 'storage', 'queue', 'rpc'],
  gateway: ['kit', 'contract', 'rpc'],
  // It goes the federator's way with the federator's own means; docs/decisions/check-folder.md.
  check: ['kit', 'contract', 'rpc', 'federation', 'config.ts'],
  admin: ['kit', 'contract'],
  // It prints what the others know how to write.
  cli: [
    'kit',
    'contract',
    'check',
    'config.ts',
    'roles.ts',
    'world',
    'federation/nginx-config.ts',
    'federation/ingress-secret.ts',
  ],
  world: EVERYTHING,
  'config.ts': ['kit', 'contract'],
  'roles.ts': EVERYTHING,
  'main.ts': EVERYTHING,
}

/** `services/galley/store.ts` belongs to `services/galley`, `kit/log.ts` to `kit`, `roles.ts` to itself. */
export function partOf(file: string): string {
  const segments = file.split('/')
  return segments.slice(0, segments[0] === 'services' ? 2 : 1).join('/')
}

export function mayImport(importer: string, imported: string): boolean {
  const from = partOf(importer)
  const allowed = MAY_IMPORT[from]
  if (allowed === EVERYTHING || from === partOf(imported)) return true
  return allowed !== undefined && (allowed.includes(partOf(imported)) || allowed.includes(imported))
}
