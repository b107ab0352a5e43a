/** What both of our roles in HTTP/2 have in common. */
import type { Clock } from '#src/kit/clock.ts'
import type { ConnectionOptions } from '#src/kit/http2/options.ts'
import {
  FRAME_BYTES_MAX,
  HEADER_BLOCK_BYTES_MAX,
  HELD_BODY_BYTES_MAX,
  HTTP2_STALLED_MS,
  IDLE_FRAMES_BURST,
  IDLE_FRAMES_PER_SECOND,
  REQUEST_HEADERS_TIMEOUT_MS,
  SESSION_WINDOW_BYTES,
  STREAM_WINDOW_BYTES,
} from './limits.ts'

/** Ids, traces and times are new with every message, and would only push out of the table what comes again. */
const UNIQUE = new Set(['wire-origin-request-id', 'request-id', 'traceparent', 'tracestate', 'date', 'content-length'])
const SECRET = new Set(['authorization', 'cookie', 'set-cookie', 'proxy-authorization'])

type Common = Omit<ConnectionOptions, 'streamsMax' | 'headers' | 'resets'>

export const http2Options = (clock: Clock): Common => ({
  clock,
  streamWindowBytes: STREAM_WINDOW_BYTES,
  connectionWindowBytes: SESSION_WINDOW_BYTES,
  frameBytesMax: FRAME_BYTES_MAX,
  headerBlockBytesMax: HEADER_BLOCK_BYTES_MAX,
  wholeBytesMax: HELD_BODY_BYTES_MAX,
  idleFrames: { burst: IDLE_FRAMES_BURST, perSecond: IDLE_FRAMES_PER_SECOND },
  fields: { unique: UNIQUE, secret: SECRET },
  halfWayMs: REQUEST_HEADERS_TIMEOUT_MS,
  stalledMs: HTTP2_STALLED_MS,
})
