import { chmod, rename, writeFile } from 'node:fs/promises'

/** Whoever reads the path sees the old content or the new one, never half of it. */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.new`
  await writeFile(temporary, content, { mode })
  // A left-over of an interrupted write keeps its old mode; the new content deserves the one asked for.
  await chmod(temporary, mode)
  await rename(temporary, path)
}
