/**
 * Bytes in files of a directory. A file gets its place by a rename, after its bytes are on the disk: whoever finds it
 * there finds all of it, whenever the machine stops. The alternative, a file in place and a note that it is complete,
 * needs a reader that never forgets to look at the note.
 */
import { mkdir, open, type FileHandle, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import type { AssetId } from '../retention.ts'
import { type ByteRange, type ByteStore, exactly, type Incoming } from './byte-store.ts'
import { FileBytes } from './file-bytes.ts'

export const directoryBytes = async (directory: string): Promise<ByteStore> => {
  const arriving = path.join(directory, 'arriving')
  await mkdir(arriving, { recursive: true, mode: 0o700 })
  const arrivingFile = (id: AssetId): string => path.join(arriving, nameOf(id))
  return {
    write: (id, incoming) => write({ temporary: arrivingFile(id), place: placeOf(directory, id) }, incoming),
    read: (id, range) => read(placeOf(directory, id).file, range),
    remove: async (id) => {
      await rm(arrivingFile(id), { force: true })
      await rm(placeOf(directory, id).file, { force: true })
    },
    addressOf: async () => undefined,
    [Symbol.asyncDispose]: async () => {},
  }
}

interface Place {
  readonly root: string
  /** One of 256, so that none gets so many entries that listing it hurts. */
  readonly folder: string
  readonly file: string
}

const placeOf = (root: string, id: AssetId): Place => {
  const name = nameOf(id)
  const folder = path.join(root, name.slice(0, 2))
  return { root, folder, file: path.join(folder, name) }
}

/** Ids are ours, and were parsed when they came back to us; a path is made of nothing that was not looked at again. */
const nameOf = (id: AssetId): string => {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw new Error('this is no id of an asset')
  return id
}

interface Way {
  readonly temporary: string
  readonly place: Place
}

const write = async ({ temporary, place }: Way, incoming: Incoming): Promise<void> => {
  try {
    await writeDurably(temporary, exactly(incoming))
    const made = await mkdir(place.folder, { recursive: true, mode: 0o700 })
    if (made !== undefined) await flushDirectory(place.root)
    await rename(temporary, place.file)
    await flushDirectory(place.folder)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

const writeDurably = async (file: string, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
  // Never one that is there: ids are used once.
  await using handle = await open(file, 'wx', 0o600)
  for await (const chunk of chunks) await writeAll(handle, chunk)
  await handle.sync()
}

const writeAll = async (handle: FileHandle, chunk: Uint8Array): Promise<void> => {
  for (let written = 0; written < chunk.length;) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.length - written)
    written += bytesWritten
  }
}

/** A name is on the disk when its directory is. */
const flushDirectory = async (directory: string): Promise<void> => {
  await using handle = await open(directory, 'r')
  await handle.sync()
}

const read = async (file: string, range: ByteRange | undefined): Promise<Readable | undefined> => {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return handle && new FileBytes(handle, range)
}
