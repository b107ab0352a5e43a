/** Of which length each frame is, and whether it belongs to a stream (RFC 9113 §6). */
import { ConnectionFault } from './errors.ts'
import { CODE, FLAG, FRAME } from './protocol.ts'
import { SETTING_BYTES } from './settings.ts'

const GOAWAY_BYTES_MIN = 8
const STREAM_ONLY = new Set<number>([FRAME.headers, FRAME.priority, FRAME.reset, FRAME.continuation])
const CONNECTION_ONLY = new Set<number>([FRAME.settings, FRAME.ping, FRAME.goaway])
const LENGTHS = new Map<number, number>([
  [FRAME.priority, 5],
  [FRAME.reset, 4],
  [FRAME.ping, 8],
  [FRAME.windowUpdate, 4],
])

export interface FrameHead {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly length: number
}

/** Throws a {@link ConnectionFault}. Data have rules of their own. */
export const checkForm = ({ type, flags, streamId, length }: FrameHead): void => {
  // By far the most common, and good in any length.
  if (type === FRAME.headers && streamId !== 0) return
  if (type === FRAME.pushPromise) throw new ConnectionFault(CODE.protocolError, 'nobody may push')
  if (streamId === 0 ? STREAM_ONLY.has(type) : CONNECTION_ONLY.has(type)) {
    throw new ConnectionFault(CODE.protocolError, 'a frame in the wrong place')
  }
  const fixed = LENGTHS.get(type)
  const isWrong =
    (fixed !== undefined && length !== fixed) ||
    (type === FRAME.goaway && length < GOAWAY_BYTES_MIN) ||
    (type === FRAME.settings && ((flags & FLAG.ack) !== 0 ? length !== 0 : length % SETTING_BYTES !== 0))
  if (isWrong) throw new ConnectionFault(CODE.frameSizeError, 'a frame of a wrong length')
}
