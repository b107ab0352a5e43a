/** What either side announces about itself (RFC 9113 §6.5). */
import { ConnectionFault } from './errors.ts'
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

export const writeSettings = (settings: Readonly<Partial<Record<keyof typeof SETTING, number>>>): Buffer => {
  const bytes: Buffer[] = []
  for (const [name, value] of Object.entries(settings)) {
    const setting = Buffer.allocUnsafe(SETTING_BYTES)
    setting.writeUInt16BE(SETTING[name as keyof typeof SETTING])
    setting.writeUInt32BE(value, 2)
    bytes.push(setting)
  }
  return Buffer.concat(bytes)
}
