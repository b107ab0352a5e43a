/** `npm run check`: everything about the source that can be judged without running it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

interface Step {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

const steps: readonly Step[] = [
  { name: 'format', command: 'oxfmt', args: ['--check'] },
  { name: 'lint', command: 'oxlint', args: [] },
  { name: 'types', command: 'tsc', args: ['--project', '.'] },
  // Its packages are installed by `npm test` and not by `npm ci`; without them nothing can be said about its types.
  ...(existsSync(join(ROOT, 'interop/node_modules'))
    ? [{ name: 'types of interop', command: 'tsc', args: ['--project', 'interop'] }]
    : []),
  { name: 'layout', command: 'node', args: ['--test', 'test/tidy.test.ts'] },
]

const failed: string[] = []
for (const { name, command, args } of steps) {
  process.stdout.write(`\n— ${name} —\n`)
  const child = spawn(join(ROOT, 'node_modules/.bin', command), args, { cwd: ROOT, stdio: 'inherit' })
  const [code]: unknown[] = await once(child, 'close')
  if (code !== 0) failed.push(name)
}
process.stdout.write(failed.length === 0 ? '\nAll checks passed.\n' : `\nFailed: ${failed.join(', ')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
