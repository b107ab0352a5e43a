/** What the profiles of a run say: which functions each process spent its time in, without those they called. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { grid } from '../figures.ts'

/** The part we read of what `node --cpu-prof` writes: the tree of calls, and which node each sample met. */
const Profile = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  /** Microseconds of `CLOCK_MONOTONIC`. */
  startTime: z.number(),
  samples: z.array(z.number()),
  /** Microseconds before each sample. */
  timeDeltas: z.array(z.number()),
})

export type SampledProfile = z.infer<typeof Profile>

/** Every profile that was written into the directory, with what its file is called. */
export const readProfiles = async (directory: string): Promise<(SampledProfile & { readonly file: string })[]> => {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.cpuprofile')).toSorted()
  return Promise.all(
    files.map(async (file) => ({ ...Profile.parse(JSON.parse(await readFile(join(directory, file), 'utf8'))), file })),
  )
}

interface Stack {
  readonly id: number
  /** Of the innermost function. */
  readonly name: string
  /** Files of the functions on it, from the innermost outwards; empty for what is native. */
  readonly urls: readonly string[]
}

/** The stack that each node of the tree of calls stands for. */
export const frameUrls = ({ nodes }: SampledProfile): Stack[] => {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  return nodes.map(({ id, callFrame }) => {
    const urls: string[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      urls.push(byId.get(at)?.callFrame.url ?? '')
    }
    return { id, name: callFrame.functionName, urls }
  })
}

const TOP = 30
/** Neither working nor waiting for a system call. */
const IDLE = '(idle)'
const ROOT = join(import.meta.dirname, '../..')

export const profileReport = async (directory: string): Promise<string> => {
  const sections = (await readProfiles(directory)).map((profile) => {
    const times = selfTimes(profile)
    return `${basename(profile.file, '.cpuprofile')}\n\n${topGrid(times.byFile, 'where')}\n\n${topGrid(times.byFunction, 'function')}`
  })
  return sections.join('\n\n')
}

interface SelfTimes {
  readonly byFunction: ReadonlyMap<string, number>
  readonly byFile: ReadonlyMap<string, number>
}

const selfTimes = ({ nodes, samples, timeDeltas }: SampledProfile): SelfTimes => {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const byFunction = new Map<string, number>()
  const byFile = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id)
    if (!frame || frame.functionName === IDLE) continue
    const micros = timeDeltas[index] ?? 0
    const file = placeOf(frame.url)
    const name =
      file === '' ? frame.functionName : `${frame.functionName || '(anonymous)'} ${file}:${frame.lineNumber + 1}`
    byFunction.set(name, (byFunction.get(name) ?? 0) + micros)
    const where = file === '' ? `native ${frame.functionName}` : file
    byFile.set(where, (byFile.get(where) ?? 0) + micros)
  }
  return { byFunction, byFile }
}

const placeOf = (url: string): string =>
  url.startsWith('file:')
    ? fileURLToPath(url)
        .replace(`${ROOT}/`, '')
        .replace(/^.*node_modules\//, '')
    : url

const topGrid = (times: ReadonlyMap<string, number>, what: string): string => {
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  const top = [...times].toSorted(([, a], [, b]) => b - a).slice(0, TOP)
  return grid([[what, 'self time %'], ...top.map(([name, micros]) => [name, ((100 * micros) / total).toFixed(1)])])
}
