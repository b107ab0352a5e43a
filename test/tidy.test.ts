/** House rules about the layout. Those about code (size, cycles, exports, types) are oxlint's: .oxlintrc.json. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { MAY_IMPORT, mayImport, partOf } from './tidy/import-table.ts'
import { code, files, importsOf, inSource, isTest, linesWith, paths, ROOT, type SourceFile } from './tidy/repository.ts'

const source = files('src', '.ts')
const shipped = source.filter((file) => !isTest(file))
const everywhere = ['src', 'test', 'scripts', 'bench', 'interop'].filter((folder) => existsSync(join(ROOT, folder)))
const typescript = everywhere.flatMap((folder) => files(folder, '.ts'))

test('a part of the source imports only what the table allows', () => {
  const crossings = shipped.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => target !== undefined && !isAllowed(file, target))
      .map(({ specifier }) => `${file.path} imports ${specifier}`),
  )
  assert.deepEqual(crossings, [])
})

function isAllowed(file: SourceFile, target: string): boolean {
  return target.startsWith('src/') && mayImport(inSource(file.path), inSource(target))
}

test('every part of the source has a row in the table', () => {
  const parts = new Set(shipped.map(({ path }) => partOf(inSource(path))))
  assert.deepEqual(
    [...parts].filter((part) => !(part in MAY_IMPORT)),
    [],
  )
})

test('imports are relative inside a folder, start with #src across parts, and end in .ts', () => {
  const wrong = source.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => target?.startsWith('src/'))
      .filter(({ specifier, target = '' }) => !isWellSpelled(file.path, specifier, target))
      .map(({ specifier }) => `${file.path}: ${specifier}`),
  )
  assert.deepEqual(wrong, [])
})

/** Between the folders of one part either spelling may read better. */
function isWellSpelled(path: string, specifier: string, target: string): boolean {
  const isRelative = specifier.startsWith('.')
  const isSameFolder = dirname(path) === dirname(target)
  const isSamePart = isSameFolder || partOf(inSource(path)) === partOf(inSource(target))
  return specifier.endsWith('.ts') && (isRelative ? isSamePart : !isSameFolder || dirname(path) === 'src')
}

test('files are named in kebab-case and none is a barrel', () => {
  const kebab = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/
  const odd = [...everywhere, 'docs', 'changes'].flatMap(paths).filter((path) => {
    const name = basename(path)
    return name !== 'README.md' && (!kebab.test(name) || name === 'index.ts')
  })
  assert.deepEqual(odd, [])
})

test('time and chance are parameters outside of kit', () => {
  const direct = /\bDate\.now\b|\bnew Date\(\)|(?<!\.)\bset(Timeout|Interval)\(|\bMath\.random\b/
  const outside = shipped.filter(({ path }) => !path.startsWith('src/kit/'))
  assert.deepEqual(
    outside.flatMap((file) => linesWith(file, direct)),
    [],
  )
})

test('only the configuration reads the environment', () => {
  // The world starts programs, and hands its own environment on to them.
  const others = shipped.filter(({ path }) => path !== 'src/config.ts' && !path.startsWith('src/world/'))
  assert.deepEqual(
    others.flatMap((file) => linesWith(file, /\bprocess\.env\b/)),
    [],
  )
})

test('a loose end names its issue, and no test is left out or alone', () => {
  const loose = typescript.filter(({ path }) => path !== 'test/tidy.test.ts')
  const tag = /\b(TODO(?!\(#\d+\): )|FIXME|XXX|HACK)\b/
  const alone = /\b(test|it|describe|suite)\.(only|skip|todo)\b|\bskip: true/
  assert.deepEqual(
    loose.flatMap(({ path, text }) => (tag.test(text) ? [`${path}: ${tag.exec(text)?.[0]}`] : [])),
    [],
  )
  assert.deepEqual(
    loose.flatMap((file) => linesWith(file, alone)),
    [],
  )
})

test('every dependency is weighed in docs/decisions/dependencies.md', () => {
  const weighed = readFileSync(join(ROOT, 'docs/decisions/dependencies.md'), 'utf8')
  const manifests = ['package.json', 'interop/package.json'].filter((path) => existsSync(join(ROOT, path)))
  const missing = manifests.flatMap(dependenciesOf).filter((name) => !weighed.includes(`\`${name}\``))
  assert.deepEqual(missing, [])
})

test('every package that the source imports is a dependency of this repository', () => {
  const known = new Set(dependenciesOf('package.json'))
  const unknown = typescript
    .filter(({ path }) => !path.startsWith('interop/'))
    .flatMap((file) => importsOf(file).map(({ specifier }) => ({ path: file.path, specifier })))
    .filter(({ specifier }) => !/^(node:|[.#])/.test(specifier) && !known.has(packageOf(specifier)))
  assert.deepEqual(unknown, [])
})

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

interface Manifest {
  readonly dependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
  readonly overrides?: Record<string, string>
}

function dependenciesOf(path: string): string[] {
  const manifest = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Manifest
  return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides })
}

interface Lock {
  readonly packages: Record<
    string,
    { readonly optionalDependencies?: Record<string, string>; readonly resolved?: string }
  >
}

test('the lock files are complete for every platform and name no place to download from', () => {
  const locks = ['package-lock.json', 'interop/package-lock.json'].filter((path) => existsSync(join(ROOT, path)))
  for (const path of locks) {
    const { packages } = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Lock
    const installed = new Set(Object.keys(packages).map((key) => key.split('node_modules/').at(-1)))
    const entries = Object.values(packages)
    // `npm ci` of npm 11 refuses a lock file that leaves out the optional packages of another platform.
    const missing = entries.flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
    assert.deepEqual(
      missing.filter((name) => !installed.has(name)),
      [],
      path,
    )
    assert.equal(entries.filter((entry) => entry.resolved?.startsWith('http')).length, 0, path)
  }
})

test('no file names a directory of somebody’s machine', () => {
  const machine = /(?:^|[^A-Za-z0-9_.$}])\/(?:work|farm|home|Users|root)\//m
  const texts = files('.', '.ts', '.md', '.json', '.yaml', '.yml', '.sql', '.svg', '.sh', '')
  assert.deepEqual(
    texts.filter(({ path, text }) => path !== 'test/tidy.test.ts' && machine.test(text)).map(({ path }) => path),
    [],
  )
})

test('every path that the documentation names exists', () => {
  const pages = files('.', '.md').filter(({ path }) => !path.startsWith('changes/'))
  const dead = pages.flatMap((page) => pathsNamedIn(page).filter((path) => !existsSync(join(ROOT, path))))
  assert.deepEqual(dead, [])
})

/** Targets of relative links, and code spans that look like a path of this repository. */
function pathsNamedIn({ path, text }: SourceFile): string[] {
  const links = Array.from(text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g), ([, target = '']) =>
    normalize(join(dirname(path), target)),
  )
  const spans = Array.from(
    text.matchAll(/`((?:src|test|docs|scripts|bench|interop|openapi|changes)\/[\w./-]+)`/g),
    ([, span = '']) => span,
  )
  return [...links, ...spans]
}

test('the rules read code and not comments', () => {
  const file = { path: 'src/x.ts', text: "// Date.now()\n/* '#src/y.ts' */ import { a } from './a.ts' // TODO" }
  assert.equal(code(file).trim(), "import { a } from './a.ts'")
  assert.deepEqual(importsOf(file), [{ specifier: './a.ts', target: 'src/a.ts' }])
})
