/**
 * Memory for bodies that pass through. A body that is read into new memory again and again leaves buffers behind that the
 * collector has to find, and with many bodies at once they live long enough to be found only by a collection of the whole
 * heap: that was most of the time of a process that sent 32 files. So it is borrowed here, and used again.
 *
 * Who makes a stream may put borrowed pieces into it. Who has copied or written what came out of a stream, and is the last
 * to look at it, gives it back; a piece that nobody gives back is garbage like any other. Nothing but streams may hand on
 * what is borrowed, because bytes that come as a whole are kept by whoever wants to.
 */
import { bytesPassed } from './passing-bytes.ts'

/** What is read at once of a file or a connection: each piece costs a system call and events on all of its way. */
export const PIECE_BYTES = 128 * 1024
/** Pieces that wait to be used again, of the whole process. */
const SPARE_MAX = 128
/** Views, events and callbacks of a piece are garbage too, and a nursery that fills with them grows and leaves the caches. */
const GARBAGE_OF_REUSED = 1 / 8

const spare: Buffer[] = []
const lent = new WeakSet<ArrayBufferLike>()

/** So many bytes of any content. {@link filled} makes of it what is handed on. */
export const borrowPiece = (): Buffer => {
  const piece = spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES)
  lent.add(piece.buffer)
  return piece
}

/** The first bytes of a piece, as they are to be handed on: in other memory when they are few and may stay for long. */
export const filled = (piece: Buffer, bytes: number): Buffer => {
  const part = piece.subarray(0, bytes)
  if (bytes * 2 >= piece.length) return part
  const copy = Buffer.from(part)
  givePieceBack(piece)
  return copy
}

/** What came out of a stream must not be looked at afterwards. */
export const givePieceBack = (bytes: Uint8Array): void => {
  const { buffer } = bytes
  const isReused = lent.delete(buffer) && spare.length < SPARE_MAX
  if (isReused) spare.push(Buffer.from(buffer, 0, PIECE_BYTES))
  bytesPassed(isReused ? bytes.length * GARBAGE_OF_REUSED : bytes.length)
}
