/** hardening.md §2: what a peer with a good certificate may do to a connection, and to whom that must not matter. */
import {
  FLAG,
  FRAME,
  field,
  fieldsOf,
  frame,
  indexedField,
  type RawConnection,
  rememberedField,
} from '#test/federation/raw-http2.ts'

export interface Attack {
  readonly name: string
  /** Default 1. */
  readonly connections?: number
  readonly over?: 'h2' | 'http/1.1'
  readonly run: (raw: RawConnection, head: Readonly<Record<string, string>>) => Promise<void>
  /** Which ingress is known to hang up; elsewhere it is enough that others do not notice. */
  readonly isEndedBy: readonly ('builtin' | 'nginx')[]
}

/** Client streams have odd numbers. */
const stream = (count: number): number => 2 * count + 1
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const again = async (raw: RawConnection, times: number, make: (count: number) => Uint8Array): Promise<void> => {
  const AT_ONCE = 50
  for (let count = 0; count < times && !raw.isClosed; count += AT_ONCE)
    await raw.send(...Array.from({ length: AT_ONCE }, (_, index) => make(count + index)))
}

const CANCEL = u32(8)
const BLOCK = Buffer.alloc(16_000, 0)
const DRIPS = 20

export const ATTACKS: readonly Attack[] = [
  {
    name: 'rapid reset (CVE-2023-44487): ten thousand requests, each taken back at once',
    run: (raw, head) =>
      again(raw, 10_000, (count) =>
        Buffer.concat([
          frame(FRAME.headers, FLAG.endHeaders, stream(count), fieldsOf(head)),
          frame(FRAME.reset, FLAG.none, stream(count), CANCEL),
        ]),
      ),
    isEndedBy: ['builtin'],
  },
  {
    name: 'CONTINUATION flood (CVE-2024-27316): headers without end',
    run: async (raw, head) => {
      await raw.send(frame(FRAME.headers, FLAG.endStream, 1, fieldsOf(head)))
      const more = fieldsOf({ 'x-more': BLOCK.toString('latin1').replaceAll('\0', 'x') })
      await again(raw, 2_000, () => frame(FRAME.continuation, FLAG.none, 1, more))
    },
    isEndedBy: ['builtin', 'nginx'],
  },
  {
    name: 'CONTINUATION flood of empty frames',
    run: async (raw, head) => {
      await raw.send(frame(FRAME.headers, FLAG.endStream, 1, fieldsOf(head)))
      await again(raw, 50_000, () => frame(FRAME.continuation, FLAG.none, 1))
    },
    isEndedBy: ['builtin'],
  },
  {
    name: 'MadeYouReset (CVE-2025-8671): requests that the server has to reset, by a window of zero',
    run: (raw, head) =>
      again(raw, 5_000, (count) =>
        Buffer.concat([
          frame(FRAME.headers, FLAG.endHeaders, stream(count), fieldsOf(head)),
          frame(FRAME.windowUpdate, FLAG.none, stream(count), u32(0)),
        ]),
      ),
    isEndedBy: ['builtin'],
  },
  {
    name: 'MadeYouReset, by data after the end of the request',
    run: (raw, head) =>
      again(raw, 5_000, (count) =>
        Buffer.concat([
          frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream(count), fieldsOf(head)),
          frame(FRAME.data, FLAG.none, stream(count), Buffer.from('[]')),
        ]),
      ),
    isEndedBy: ['builtin'],
  },
  {
    name: 'MadeYouReset, by a window beyond its limit',
    run: (raw, head) =>
      again(raw, 5_000, (count) =>
        Buffer.concat([
          frame(FRAME.headers, FLAG.endHeaders, stream(count), fieldsOf(head)),
          frame(FRAME.windowUpdate, FLAG.none, stream(count), u32(0x7fff_ffff)),
        ]),
      ),
    isEndedBy: ['builtin'],
  },
  {
    name: 'a window of the connection beyond its limit (CVE-2026-21714)',
    run: (raw) => again(raw, 50, () => frame(FRAME.windowUpdate, FLAG.none, 0, u32(0x7fff_ffff))),
    isEndedBy: ['builtin', 'nginx'],
  },
  {
    name: 'PING flood, whose answers nobody reads',
    run: async (raw) => {
      raw.socket.pause()
      await again(raw, 100_000, () => frame(FRAME.ping, FLAG.none, 0, Buffer.alloc(8)))
    },
    isEndedBy: [],
  },
  {
    name: 'SETTINGS flood, whose answers nobody reads',
    run: async (raw) => {
      raw.socket.pause()
      await again(raw, 100_000, () => frame(FRAME.settings, FLAG.none, 0))
    },
    isEndedBy: [],
  },
  {
    name: 'slow headers: hundred connections on which a request never gets complete',
    connections: 100,
    run: async (raw, head) => raw.send(frame(FRAME.headers, FLAG.none, 1, fieldsOf(head))),
    isEndedBy: [],
  },
  {
    name: 'slow headers over HTTP/1.1',
    connections: 100,
    over: 'http/1.1',
    run: async (raw) => {
      await raw.send(Buffer.from('POST /federation/brig/x HTTP/1.1\r\n'))
      for (let count = 0; count < DRIPS; count++) await raw.send(Buffer.from(`x-${count}: y\r\n`))
    },
    isEndedBy: [],
  },
  {
    name: 'slow bodies: fifty requests a byte at a time',
    run: async (raw, head) => {
      for (let count = 0; count < 50; count++)
        await raw.send(frame(FRAME.headers, FLAG.endHeaders, stream(count), fieldsOf(head)))
      for (let drip = 0; drip < DRIPS; drip++)
        for (let count = 0; count < 50; count++)
          await raw.send(frame(FRAME.data, FLAG.none, stream(count), Buffer.from(' ')))
    },
    isEndedBy: [],
  },
  {
    name: 'slow reading: hundred requests with a window of nothing for the answers',
    run: async (raw, head) => {
      const noWindow = Buffer.concat([Buffer.from([0, 4]), u32(0)])
      await raw.send(frame(FRAME.settings, FLAG.none, 0, noWindow))
      for (let count = 0; count < 100; count++) {
        await raw.send(
          frame(FRAME.headers, FLAG.endHeaders, stream(count), fieldsOf(head)),
          frame(FRAME.data, FLAG.endStream, stream(count), Buffer.from('[]')),
        )
      }
    },
    isEndedBy: [],
  },
  {
    name: 'header bomb: one field of the table named four thousand times',
    run: async (raw, head) => {
      const bomb = Buffer.concat([
        fieldsOf(head),
        rememberedField('x-bomb', 'b'.repeat(4_000)),
        ...Array.from({ length: 4_000 }, () => indexedField(62)),
      ])
      for (let count = 0; count < 20; count++)
        await raw.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream(count), bomb))
    },
    isEndedBy: [],
  },
  {
    name: 'malformed headers (CVE-2025-59465): a block that is no header block',
    run: async (raw) => raw.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, Buffer.alloc(2_000, 0xff))),
    isEndedBy: ['builtin', 'nginx'],
  },
  {
    name: 'frames of a size that nobody may send',
    run: async (raw) => raw.send(Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]), Buffer.alloc(40_000)),
    isEndedBy: ['builtin'],
  },
  {
    name: 'a thousand connections’ worth of hellos on one: preface after preface',
    run: (raw) => again(raw, 1_000, () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')),
    isEndedBy: ['builtin'],
  },
  {
    name: 'a field name that holds a line break',
    run: async (raw, head) =>
      raw.send(
        frame(
          FRAME.headers,
          FLAG.endHeaders | FLAG.endStream,
          1,
          Buffer.concat([fieldsOf(head), field('x-a\r\nx-b', 'c')]),
        ),
      ),
    isEndedBy: [],
  },
]
