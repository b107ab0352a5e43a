/**
 * Reading an upload while it comes in (client-assets.md §2): two parts in a fixed order, of which the first is small
 * and the second says its length. A general parser would search all bytes of the second for the boundary.
 *
 * The end of the settings is found by the boundary, because clients count the length of that part in UTF-16 units; the
 * boundary is what the first line of the body says, because some clients name another one in the header.
 */
import { AssetSettings } from '#src/contract/client/cargohold.ts'
import { BOUNDARY_LINE_BYTES_MAX, EPILOGUE_BYTES_MAX, PART_HEADER_BYTES_MAX, SETTINGS_BYTES_MAX } from './limits.ts'
import type { ByteReader } from './byte-reader.ts'

export type Upload =
  | { readonly outcome: 'malformed' | 'invalid-length' }
  | {
      readonly outcome: 'upload'
      readonly settings: AssetSettings
      readonly length: number
      /** Throws {@link IncompleteAsset} where the body is not as long as it says. */
      readonly bytes: AsyncIterable<Uint8Array>
    }

/** The body ended before the asset did, or the asset goes on after its declared length. */
export class IncompleteAsset extends Error {
  constructor() {
    super('the asset does not have its declared length')
    this.name = 'IncompleteAsset'
  }
}

const END_OF_HEADERS = '\r\n\r\n'

export const readUpload = async (reader: ByteReader): Promise<Upload> => {
  const boundary = await readBoundary(reader)
  if (boundary === undefined) return { outcome: 'malformed' }
  const delimiter = `\r\n${boundary}`
  // A part without headers begins with the empty line itself.
  const first = await reader.until(delimiter, SETTINGS_BYTES_MAX)
  const settings = first && settingsIn(first.toString('utf8'))
  const head = settings && (await reader.until(END_OF_HEADERS, PART_HEADER_BYTES_MAX))
  if (!settings || !head) return { outcome: 'malformed' }
  const length = lengthIn(head.toString('latin1'))
  if (length === undefined) return { outcome: 'invalid-length' }
  return { outcome: 'upload', settings, length, bytes: assetBytes(reader, length, delimiter) }
}

const readBoundary = async (reader: ByteReader): Promise<string | undefined> => {
  const line = await reader.until('\r\n', BOUNDARY_LINE_BYTES_MAX)
  // The line break that belongs to the first delimiter may be there as well.
  const boundary = line?.length === 0 ? await reader.until('\r\n', BOUNDARY_LINE_BYTES_MAX) : line
  const text = boundary?.toString('latin1').trimEnd()
  return text?.startsWith('--') === true && text.length > 2 ? text : undefined
}

const settingsIn = (part: string): AssetSettings | undefined => {
  const end = part.startsWith('\r\n') ? 0 : part.indexOf(END_OF_HEADERS) + 2
  const text = end === 1 ? '' : part.slice(end + 2)
  try {
    return AssetSettings.safeParse(JSON.parse(text)).data
  } catch {
    // Not JSON: the caller refuses the whole.
    return undefined
  }
}

const LENGTH = /^content-length:[ \t]*(\S*)[ \t]*$/i
const DIGITS_MAX = 15

const lengthIn = (head: string): number | undefined => {
  const given = head.split('\r\n').flatMap((line) => LENGTH.exec(line)?.[1] ?? [])
  const [text = ''] = given
  if (given.some((other) => other !== text) || !/^\d+$/.test(text) || text.length > DIGITS_MAX) return undefined
  return Number(text) > 0 ? Number(text) : undefined
}

async function* assetBytes(reader: ByteReader, length: number, delimiter: string): AsyncGenerator<Uint8Array> {
  let left = length
  for (let chunk = await reader.next(left); chunk; chunk = await reader.next(left)) {
    left -= chunk.length
    yield chunk
    if (left === 0) break
  }
  if (left > 0 || !(await reader.skip(delimiter))) throw new IncompleteAsset()
  await reader.drain(EPILOGUE_BYTES_MAX)
}
