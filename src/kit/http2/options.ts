/** What a connection of either role is told when it begins. */
import type { Clock } from '../clock.ts'
import type { BudgetSize } from './budget.ts'
import type { EncoderOptions } from './hpack/encoder.ts'
import type { SectionBounds } from './hpack/decoder.ts'
import type { Pace } from './incoming-body.ts'

export interface ConnectionOptions {
  readonly clock: Clock
  /** What one stream, and all of them together, may have under way towards us. */
  readonly streamWindowBytes: number
  readonly connectionWindowBytes: number
  /** The largest frame we take: 16 KiB to 16 MiB (RFC 9113 §4.2). */
  readonly frameBytesMax: number
  /** Streams of the other end at once; a client lets none be opened. */
  readonly streamsMax: number
  readonly headers: SectionBounds
  /** A block of fields as it is sent, compressed; larger ones end the connection. */
  readonly headerBlockBytesMax: number
  /** A body that comes together with its head is bytes up to this, and a stream beyond. */
  readonly wholeBytesMax: number
  /** Frames that change nothing: pings, settings, empty data, windows that open for nothing. */
  readonly idleFrames: BudgetSize
  /** Exchanges that end by RST_STREAM, whoever sends it because of the other end. */
  readonly resets: BudgetSize
  readonly fields: EncoderOptions
  /** For what must not stop half-way: the preface, a block of fields, a frame, and the answer to our SETTINGS. */
  readonly halfWayMs: number
  /** How long the other end may take nothing of what waits for it. */
  readonly stalledMs: number
  /** How the bodies that come as streams are judged. */
  readonly pace?: () => Pace
}

export interface ConnectionEvents {
  /** The other end's SETTINGS have come, for the first time or anew. */
  readonly onSettings?: () => void
  /** The other end says goodbye: it answers what it has begun, and nothing new. */
  readonly onGoaway?: () => void
  /** Once, and the last: with what was wrong, if something was. */
  readonly onClosed: (error: Error | undefined) => void
}
