/** The repository as the tidiness rules see it. Walks the folders itself: a machine that tests may not have git. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Made by tools, never committed: .gitignore. */
const NOT_OURS = new Set(['.git', 'node_modules', 'var', '.cache'])

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

export interface Import {
  readonly specifier: string
  /** From the root of the repository; undefined for packages and for modules of the runtime. */
  readonly target: string | undefined
}

/** Every file whose name ends in one of `endings`, below `folder`. */
export function files(folder: string, ...endings: readonly string[]): SourceFile[] {
  return paths(folder)
    .filter((path) => endings.length === 0 || endings.includes(extname(path)))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

export function paths(folder = '.'): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? paths(path) : entry.isFile() ? [path] : []
    })
    .toSorted()
}

export const isTest = ({ path }: { readonly path: string }): boolean => path.endsWith('.test.ts')

const IMPORT = /(?:\bfrom\s+|\bimport\s+|\bimport\()'([^'\n]+)'/g

export function importsOf(file: SourceFile): Import[] {
  return Array.from(code(file).matchAll(IMPORT), ([, specifier = '']) => ({
    specifier,
    target: targetOf(file.path, specifier),
  }))
}

function targetOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('#src/')) return `src/${specifier.slice('#src/'.length)}`
  if (specifier.startsWith('#test/')) return `test/${specifier.slice('#test/'.length)}`
  return specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : undefined
}

/** The text without comments, good enough for looking for words. */
export const code = ({ text }: SourceFile): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')

/** `path:line: what` for every line of the code that matches. */
export function linesWith(file: SourceFile, pattern: RegExp): string[] {
  return code(file)
    .split('\n')
    .flatMap((line) => (pattern.test(line) ? [`${file.path}: ${line.trim()}`] : []))
}

export const inSource = (path: string): string => relative('src', path)
