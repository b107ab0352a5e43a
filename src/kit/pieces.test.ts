import assert from 'node:assert/strict'
import { test } from 'node:test'
import { borrowPiece, filled, givePieceBack, PIECE_BYTES } from './pieces.ts'

test('what is given back is borrowed again, and only once', () => {
  const piece = borrowPiece()
  givePieceBack(piece)
  givePieceBack(piece)
  const [first, second] = [borrowPiece(), borrowPiece()]
  assert.equal(first.buffer, piece.buffer)
  assert.notEqual(second.buffer, piece.buffer)
})

test('the part that was handed on stands for the whole piece', () => {
  const piece = borrowPiece()
  const part = filled(piece, PIECE_BYTES - 1)
  assert.deepEqual([part.buffer, part.length], [piece.buffer, PIECE_BYTES - 1])
  givePieceBack(part)
  const again = borrowPiece()
  assert.deepEqual([again.buffer, again.length], [piece.buffer, PIECE_BYTES])
})

test('a few bytes do not keep a piece', () => {
  const piece = borrowPiece()
  piece.write('few')
  const copy = filled(piece, 3)
  borrowPiece().fill(0)
  assert.equal(copy.toString(), 'few')
})

test('what was not borrowed stays with its owner', () => {
  const own = Buffer.alloc(PIECE_BYTES, 'own')
  givePieceBack(own)
  assert.notEqual(borrowPiece().buffer, own.buffer)
})
