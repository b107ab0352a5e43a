/**
 * A new embedded database is a copy of a template: creating one from nothing (`initdb`) takes about two seconds and
 * half a gigabyte of memory, copying 15 MB takes a twentieth of a second. The template is made once per version of
 * PGlite, in a process of its own, and kept in a cache that may be deleted at any time.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, existsSync, readFileSync } from 'node:fs'
import { access, copyFile, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { withDeadline } from '#src/kit/deadline.ts'
import { FLUSHES_AT_ONCE, TEMPLATE_TIMEOUT_MS } from '../limits.ts'
import { flushPath } from './durable-files.ts'

/** Makes `cluster` a new, empty database; it appears in one step and only when all of it is on disk. */
export const createCluster = async (cluster: string): Promise<void> => {
  const parent = path.dirname(cluster)
  const scratch = await mkdtemp(path.join(parent, 'new-'))
  try {
    const copy = path.join(scratch, 'cluster')
    await copyTemplate(copy)
    await rename(copy, cluster)
    flushPath(parent)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

const copyTemplate = async (destination: string): Promise<void> => {
  const cache = await writableCache()
  if (cache === undefined) return buildTemplate(destination)
  const template = path.join(cache, `template-${templateVersion()}`)
  if (!existsSync(template)) await fillCache(cache, template)
  await copyDurably(template, destination)
}

// Two processes may do this at once; one of them wins, the other one's work is thrown away.
const fillCache = async (cache: string, template: string): Promise<void> => {
  const scratch = await mkdtemp(path.join(cache, 'building-'))
  try {
    const built = path.join(scratch, 'cluster')
    await buildTemplate(built)
    await rename(built, template).catch((error: unknown) => {
      if (!existsSync(template)) throw error
    })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

const BUILDER = fileURLToPath(new URL('build-template.ts', import.meta.url))

const buildTemplate = async (destination: string): Promise<void> => {
  const child = spawn(process.execPath, [BUILDER, destination], { stdio: ['ignore', 'ignore', 'pipe'] })
  const complaints: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
  try {
    const [code] = await withDeadline(once(child, 'close'), TEMPLATE_TIMEOUT_MS, 'creating an embedded database')
    if (code !== 0) throw new Error(`creating an embedded database: ${Buffer.concat(complaints).toString('utf8')}`)
  } finally {
    child.kill('SIGKILL')
  }
}

/** `node_modules/.cache` beside the packages, the usual place; undefined where installed packages are read-only. */
const writableCache = async (): Promise<string | undefined> => {
  const packages = path.resolve(fileURLToPath(import.meta.resolve('@electric-sql/pglite')), '../../../..')
  const cache = path.join(packages, '.cache', 'comity')
  try {
    await mkdir(cache, { recursive: true })
    await access(cache, constants.W_OK)
    return cache
  } catch {
    // Nothing is lost but time: the template is made in its final place.
    return undefined
  }
}

/** Whatever changes the template changes its name. */
const templateVersion = (): string => {
  const manifest = path.resolve(fileURLToPath(import.meta.resolve('@electric-sql/pglite')), '../../package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  return `${version}-${TEMPLATE_REVISION}`
}

/** Raise it with every change of `build-template.ts`. */
const TEMPLATE_REVISION = 1

const copyDurably = async (source: string, destination: string): Promise<void> => {
  const entries = await readdir(source, { recursive: true, withFileTypes: true })
  const relative = entries.map((entry) => ({
    isDirectory: entry.isDirectory(),
    name: path.join(path.relative(source, entry.parentPath), entry.name),
  }))
  const directories = ['.', ...relative.filter((entry) => entry.isDirectory).map((entry) => entry.name)]
  // PostgreSQL refuses a directory that others may read.
  for (const name of directories) await mkdir(path.join(destination, name), { recursive: true, mode: 0o700 })
  const files = relative.filter((entry) => !entry.isDirectory).values()
  const copyFiles = async (): Promise<void> => {
    for (const { name } of files) await copyFileDurably(path.join(source, name), path.join(destination, name))
  }
  await Promise.all(Array.from({ length: FLUSHES_AT_ONCE }, copyFiles))
  for (const name of directories) flushPath(path.join(destination, name))
}

const copyFileDurably = async (source: string, destination: string): Promise<void> => {
  await copyFile(source, destination, constants.COPYFILE_FICLONE)
  const file = await open(destination, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
