/** Where an HTTP/1.1 answer ends: all that a load generator needs to know about it, and cheaper than a whole parser. */

export interface WholeAnswer {
  readonly status: number
  readonly bodyBytes: number
  /** Index of the first byte that no longer belongs to it. */
  readonly end: number
}

/** Undefined while something is missing. */
export const parseAnswer = (bytes: Buffer): WholeAnswer | undefined => {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  // "HTTP/1.1 200 OK"
  const status = Number(head.slice(9, 12))
  const bodyStart = headEnd + 4
  const announced = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (announced !== undefined)
    return wholeIf(bytes, { status, bodyBytes: Number(announced), end: bodyStart + Number(announced) })
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) throw new Error(`an answer without length: ${head}`)
  const chunked = endOfChunks(bytes, bodyStart)
  return chunked && { status, ...chunked }
}

const wholeIf = (bytes: Buffer, answer: WholeAnswer): WholeAnswer | undefined =>
  bytes.length >= answer.end ? answer : undefined

/** RFC 9112 §7.1, without trailers, which nobody here sends. */
const endOfChunks = (bytes: Buffer, start: number): Pick<WholeAnswer, 'bodyBytes' | 'end'> | undefined => {
  let at = start
  let bodyBytes = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const end = lineEnd + 2 + size + 2
    if (bytes.length < end) return undefined
    if (size === 0) return { bodyBytes, end }
    bodyBytes += size
    at = end
  }
}
