/** How exchanges and connections of HTTP/2 fail. */

/** Ends the whole connection (RFC 9113 §5.4.1); the code is told to the other end. */
export class ConnectionFault extends Error {
  readonly code: number

  constructor(code: number, what: string) {
    super(what)
    this.name = 'ConnectionFault'
    this.code = code
  }
}

/** Something of our own threw while a connection was read: a mistake that is not the other end's. */
export class EngineFault extends Error {
  constructor(cause: unknown) {
    super('reading a connection failed', { cause })
    this.name = 'EngineFault'
  }
}

/** One exchange ended before it was complete. */
export class StreamBroken extends Error {
  /** The error code of RFC 9113 §7 that either side gave, if one did. */
  readonly code: number | undefined
  /** The other end has certainly not begun to work on the request (§8.7). */
  readonly isUnprocessed: boolean

  constructor(what: string, { code, isUnprocessed = false, cause }: Details = {}) {
    super(what, cause === undefined ? undefined : { cause })
    this.name = 'StreamBroken'
    this.code = code
    this.isUnprocessed = isUnprocessed
  }
}

/** The head of an answer has not come in time. */
export class AnswerOverdue extends StreamBroken {
  constructor(code: number) {
    super('no response headers in time', { code })
    this.name = 'AnswerOverdue'
  }
}

interface Details {
  readonly code?: number | undefined
  readonly isUnprocessed?: boolean
  readonly cause?: unknown
}
