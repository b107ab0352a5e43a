/** Negotiating the version of the federation API (federation-transport.md §12). */
import { includesVersion, type Versions } from '#src/kit/endpoint.ts'

/** What this backend implements, and what it announces. */
export const SUPPORTED_VERSIONS: readonly number[] = [0, 1, 2, 3]

/** The header's value when it is absent or not a plain decimal number is 0. */
export const parseVersionHeader = (value: string | undefined): number =>
  value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : 0

/** The largest version both sides know, among those a payload exists for. */
export const bestVersion = (theirs: readonly number[], forms: Versions = { from: 0 }): number | undefined =>
  SUPPORTED_VERSIONS.filter((version) => theirs.includes(version) && includesVersion(forms, version)).at(-1)
