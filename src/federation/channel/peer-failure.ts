/** Why no answer came from a peer. The phase decides the status that our component sees. */
export class PeerFailure extends Error {
  readonly phase: 'connect' | 'tls' | 'http'
  /** The peer has certainly not begun to work on the request, so it may be sent again (RFC 9113 §8.7). */
  readonly isUnprocessed: boolean

  constructor(phase: PeerFailure['phase'], what: string, { cause, isUnprocessed = phase !== 'http' }: Details = {}) {
    super(what, cause === undefined ? undefined : { cause })
    this.name = 'PeerFailure'
    this.phase = phase
    this.isUnprocessed = isUnprocessed
  }
}

interface Details {
  readonly cause?: unknown
  readonly isUnprocessed?: boolean
}
