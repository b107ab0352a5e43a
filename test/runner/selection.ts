/**
 * What `npm test -- …` runs. A word is the name of a group, part of the path of a test file, or otherwise part of the
 * names of tests; without words everything runs.
 */
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'

export type Group = 'unit' | 'stories' | 'interop'

/** In this order. Stories and stock clients boot whole backends, which would make each other slow side by side. */
export const GROUPS: readonly Group[] = ['unit', 'stories', 'interop']

export interface Selection {
  readonly files: Readonly<Record<Group, readonly string[]>>
  readonly namePatterns: readonly string[]
}

/** Folders of `test` whose tests boot whole backends. */
const STORIES = ['test/stories/', 'test/hostile/', 'test/durability/']

export function select(root: string, words: readonly string[]): Selection {
  const found = findTests(root)
  const groups = words.filter((word) => GROUPS.some((group) => group === word))
  const others = words.filter((word) => !groups.includes(word))
  const paths = others.filter((word) => found.some((file) => file.includes(word)))
  const chosen = found.filter(
    (file) =>
      (groups.length === 0 || groups.includes(groupOf(file))) &&
      (paths.length === 0 || paths.some((part) => file.includes(part))),
  )
  const files = { unit: within(chosen, 'unit'), stories: within(chosen, 'stories'), interop: within(chosen, 'interop') }
  return { files, namePatterns: others.filter((word) => !paths.includes(word)) }
}

const within = (files: readonly string[], group: Group): string[] => files.filter((file) => groupOf(file) === group)

export function groupOf(file: string): Group {
  if (file.startsWith('interop/')) return 'interop'
  return STORIES.some((folder) => file.startsWith(folder)) ? 'stories' : 'unit'
}

function findTests(root: string): string[] {
  const folders = ['src', 'test', 'scripts', 'bench', 'interop'].filter((folder) => existsSync(join(root, folder)))
  return folders
    .flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: root, exclude: (path) => path === 'node_modules' }))
    .toSorted()
}
