/** The numbers of HTTP/2 (RFC 9113), by their names there. */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** §4.1. */
export const FRAME_HEAD_BYTES = 9

/** §6. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const FLAG = { none: 0, endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

/** §7. */
export const CODE = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
} as const

/** §6.5.2. */
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

/** What holds for either side until its SETTINGS say otherwise (§6.5.2). */
export const DEFAULT_WINDOW_BYTES = 65_535
export const DEFAULT_FRAME_BYTES = 16_384
export const DEFAULT_HEADER_TABLE_BYTES = 4_096

/** §4.2, §6.9.1. */
export const FRAME_BYTES_LIMIT = 2 ** 24 - 1
export const WINDOW_BYTES_LIMIT = 2 ** 31 - 1
export const STREAM_ID_LIMIT = 2 ** 31 - 1
