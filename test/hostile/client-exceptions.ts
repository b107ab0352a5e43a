/**
 * Where an endpoint is right not to do what all others do. This list may only shrink: an entry that an attack no
 * longer needs fails the tests, and a new one needs a better reason than that a test failed.
 */
export interface Exception {
  /** As in its contract. */
  readonly endpoint: string
  readonly attack: string
  readonly reason: string
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    endpoint: 'set-property',
    attack: 'refuses a body of another type',
    reason: 'client-users.md §8: a setting is any JSON value.',
  },
]
