/** Why no answer came from a peer. The phase decides the status that our component sees. */
export class PeerFailure extends Error {
  readonly phase: 'connect' | 'tls' | 'http'
  /** The peer has certainly not begun to work on the request, so it may be sent again (RFC 9113 §8.7). */
  readonly isUnprocessed: boolean
  /** What whoever called may be told instead of the usual words. */
  readonly told: string | undefined

  constructor(phase: PeerFailure['phase'], what: string, details: Details = {}) {
    const { cause, isUnprocessed = phase !== 'http', told } = details
    super(what, cause === undefined ? undefined : { cause })
    this.name = 'PeerFailure'
    this.phase = phase
    this.isUnprocessed = isUnprocessed
    this.told = told
  }
}

interface Details {
  readonly cause?: unknown
  readonly isUnprocessed?: boolean
  readonly told?: string | undefined
}
