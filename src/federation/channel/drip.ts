/** Bodies of answers as they come, from peers that do send and not only seem to. */
import type { ClientHttp2Stream } from 'node:http2'
import type { Clock } from '#src/kit/clock.ts'
import { BODY_BYTES_PER_SECOND_MIN, BODY_GRACE_MS } from '../limits.ts'
import { PeerFailure } from './peer-failure.ts'

type AnswerStream = Pick<ClientHttp2Stream, 'rstCode' | typeof Symbol.asyncIterator>

/**
 * Throws when the body breaks off, and when the peer lets us wait for it longer than a bad line explains: a byte now and
 * then never trips an idle time-out. Only waiting for the peer counts, so a slow reader on our side is not its fault.
 */
export async function* chunksInTime(stream: AnswerStream, clock: Clock): AsyncGenerator<Uint8Array> {
  let waitedMs = 0
  let bytes = 0
  let askedMs = clock.monotonicMs()
  for await (const chunk of stream) {
    waitedMs += clock.monotonicMs() - askedMs
    bytes += chunk.length
    if (waitedMs > BODY_GRACE_MS + (bytes / BODY_BYTES_PER_SECOND_MIN) * 1000) {
      throw new PeerFailure('http', 'the answer comes too slowly')
    }
    yield chunk
    askedMs = clock.monotonicMs()
  }
  // `node:http2` ends a stream whose connection was lost as if it were complete; only the code tells.
  if ((stream.rstCode ?? 0) !== 0) throw new PeerFailure('http', 'the body broke off')
}
