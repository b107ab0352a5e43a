/**
 * The second of the three kinds of endings (style: outcome, refusal, fault): a request that we will not serve.
 * Everything else that is thrown is a fault, answered as 500 with an id and told only to the log.
 */
export interface RefusalDetail {
  /** Words for people; leaves the process. */
  readonly detail: string
  readonly cause?: unknown
  /** Machine-readable context, e.g. which backend failed (federation-transport.md §11.1). */
  readonly data?: unknown
  /** The error object another backend answered with. */
  readonly inner?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export class Refusal extends Error {
  readonly status: number
  readonly label: string
  readonly detail: string
  readonly data: unknown
  readonly inner: unknown
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, label: string, { detail, cause, data, inner, headers }: RefusalDetail) {
    super(`${status} ${label}: ${detail}`, cause === undefined ? undefined : { cause })
    this.name = 'Refusal'
    this.status = status
    this.label = label
    this.detail = detail
    this.data = data
    this.inner = inner
    this.headers = headers ?? {}
  }

  /** The error object as it leaves the process. */
  toBody(): Record<string, unknown> {
    return {
      code: this.status,
      label: this.label,
      message: this.detail,
      ...(this.data !== undefined && { data: this.data }),
      ...(this.inner !== undefined && { inner: this.inner }),
    }
  }
}

/** An error of the log kind: every message of the cause chain, outermost first. */
export const causeChain = (error: unknown): string => {
  const parts: string[] = []
  let current: unknown = error
  while (current !== undefined && current !== null && parts.length < CAUSES_MAX) {
    parts.push(messageOf(current))
    current = current instanceof Error ? current.cause : undefined
  }
  return parts.join(': ')
}

const messageOf = (error: unknown): string => {
  if (error instanceof Error) return error.message
  return typeof error === 'string' ? error : 'something that is no error'
}

const CAUSES_MAX = 10
