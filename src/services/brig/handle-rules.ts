/** Which handles there can be (client-users.md §4, rules.md §11). */
import { Handle } from '#src/contract/ids.ts'

/** Names by which strangers would take a user for whoever runs the place, or for the product. */
const RESERVED: ReadonlySet<string> = new Set([
  'abuse',
  'admin',
  'administrator',
  'comity',
  'hostmaster',
  'postmaster',
  'root',
  'security',
  'support',
  'system',
  'webmaster',
  'wire',
])

/** A handle that somebody may have; `undefined` for anything else. */
export const parseHandle = (text: string): Handle | undefined => {
  const parsed = Handle.safeParse(text)
  return parsed.success && !RESERVED.has(parsed.data) ? parsed.data : undefined
}
