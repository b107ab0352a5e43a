/** Who lives in a local world: one person per backend, with a password that can be typed. */
import type { Account } from './person.ts'

const NAMES = ['Alice', 'Bob', 'Carla', 'David', 'Erin', 'Frank', 'Grace', 'Heidi', 'Ivan', 'Judy']

/** Nothing here is secret: a world listens on this machine only and accepts a well-known e-mail code anyway. */
export function accountAt(domain: string, index: number): Account {
  const name = NAMES[index] ?? `Person ${index + 1}`
  const handle = name.toLowerCase().replace(' ', '')
  return { name, handle, email: `${handle}@${domain}`, password: `${handle}-password` }
}
