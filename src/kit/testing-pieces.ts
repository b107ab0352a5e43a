/** For tests of what passes on bodies: streams of borrowed pieces whose every byte tells whose it is, and where it belongs. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { borrowPiece, filled, givePieceBack, PIECE_BYTES } from './pieces.ts'

export interface NumberedBody {
  /** Tells one body from another. */
  readonly seed: number
  readonly pieces: number
}

/** Large ones, small ones, and whole ones. */
const SIZES = [PIECE_BYTES, PIECE_BYTES - 1, PIECE_BYTES / 2, 700, PIECE_BYTES - 4096]

const fill = (piece: Buffer, { seed }: NumberedBody, index: number): number => {
  const size = SIZES[(seed + index) % SIZES.length] ?? PIECE_BYTES
  for (let at = 0; at < PIECE_BYTES; at += 4) piece.writeUInt32LE((seed << 24) + (index << 16) + (at >> 2), at)
  return size
}

export const numberedBody = (body: NumberedBody): Readable => {
  let index = 0
  return new Readable({
    highWaterMark: PIECE_BYTES,
    read() {
      if (index === body.pieces) return void this.push(null)
      const piece = borrowPiece()
      const size = fill(piece, body, index)
      index += 1
      // Later, as with files and connections.
      setImmediate(() => {
        if (!this.destroyed) this.push(filled(piece, size))
      })
    },
  })
}

export const digestOf = (body: NumberedBody): string => {
  const hash = createHash('sha1')
  const piece = Buffer.alloc(PIECE_BYTES)
  for (let index = 0; index < body.pieces; index += 1) hash.update(piece.subarray(0, fill(piece, body, index)))
  return hash.digest('hex')
}

/** Of what a stream brings. What was read is given back. */
export const digestOfStream = async (stream: AsyncIterable<Uint8Array>): Promise<string> => {
  const hash = createHash('sha1')
  for await (const chunk of stream) {
    hash.update(chunk)
    givePieceBack(chunk)
  }
  return hash.digest('hex')
}
