/** Installs the stock clients of `interop/` when their tests are to run. They are no dependency of the product. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { show } from './machine.ts'

/** Undefined when they are installed, otherwise the reason why not. */
export async function installStockClients(root: string, say: (line: string) => void): Promise<string | undefined> {
  const folder = join(root, 'interop')
  if (isCurrent(folder)) return undefined
  say('Installing the stock clients (npm ci --prefix interop).')
  const code = await show('npm', ['ci', '--prefix', folder], root)
  return code === 0
    ? undefined
    : `the stock clients cannot be installed: npm ci --prefix interop ended with code ${code}`
}

/** npm writes the hidden lock file last. */
function isCurrent(folder: string): boolean {
  const installed = statSync(join(folder, 'node_modules/.package-lock.json'), { throwIfNoEntry: false })
  return installed !== undefined && installed.mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs
}
