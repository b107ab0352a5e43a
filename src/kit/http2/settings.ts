/** What either side announces about itself (RFC 9113 §6.5). */
import { ConnectionFault } from './errors.ts'
import type { ConnectionOptions } from './options.ts'
import {
  CODE,
  DEFAULT_FRAME_BYTES,
  DEFAULT_HEADER_TABLE_BYTES,
  DEFAULT_WINDOW_BYTES,
  FRAME_BYTES_LIMIT,
  SETTING,
  WINDOW_BYTES_LIMIT,
} from './protocol.ts'

export interface PeerSettings {
  headerTableSize: number
  /** Infinite until said. */
  maxConcurrentStreams: number
  initialWindowSize: number
  maxFrameSize: number
  /** What the other end said of pushing; only clients may say yes. */
  enablePush: boolean
}

export const settingsUntilSaid = (): PeerSettings => ({
  headerTableSize: DEFAULT_HEADER_TABLE_BYTES,
  maxConcurrentStreams: Number.POSITIVE_INFINITY,
  initialWindowSize: DEFAULT_WINDOW_BYTES,
  maxFrameSize: DEFAULT_FRAME_BYTES,
  enablePush: false,
})

export const SETTING_BYTES = 6

/** Takes over what the payload of a frame says; unknown settings are passed over (§6.5.2). */
export const readSettings = (
  settings: PeerSettings,
  payload: Buffer,
  [start, end]: readonly [number, number],
): void => {
  for (let at = start; at < end; at += SETTING_BYTES) {
    const value = payload.readUInt32BE(at + 2)
    switch (payload.readUInt16BE(at)) {
      case SETTING.headerTableSize:
        settings.headerTableSize = value
        break
      case SETTING.enablePush:
        if (value > 1) throw new ConnectionFault(CODE.protocolError, 'pushing is neither allowed nor forbidden')
        settings.enablePush = value === 1
        break
      case SETTING.maxConcurrentStreams:
        settings.maxConcurrentStreams = value
        break
      case SETTING.initialWindowSize:
        if (value > WINDOW_BYTES_LIMIT)
          throw new ConnectionFault(CODE.flowControlError, 'the first window is too large')
        settings.initialWindowSize = value
        break
      case SETTING.maxFrameSize:
        if (value < DEFAULT_FRAME_BYTES || value > FRAME_BYTES_LIMIT) {
          throw new ConnectionFault(CODE.protocolError, 'frames of a size that nobody may ask for')
        }
        settings.maxFrameSize = value
        break
      default:
    }
  }
}

/** What we announce. */
export const ownSettings = (options: ConnectionOptions, isServer: boolean): Buffer => {
  const { streamsMax, headers, streamWindowBytes, frameBytesMax } = options
  const settings: readonly (readonly [number, number])[] = [
    isServer ? [SETTING.maxConcurrentStreams, streamsMax] : [SETTING.enablePush, 0],
    [SETTING.initialWindowSize, streamWindowBytes],
    [SETTING.maxFrameSize, frameBytesMax],
    [SETTING.maxHeaderListSize, headers.charactersMax],
  ]
  const bytes = Buffer.alloc(settings.length * SETTING_BYTES)
  settings.forEach(([setting, value], index) => {
    bytes.writeUInt16BE(setting, index * SETTING_BYTES)
    bytes.writeUInt32BE(value, index * SETTING_BYTES + 2)
  })
  return bytes
}
