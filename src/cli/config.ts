/** `comity config`: check a file before it is used, and the reference of all keys. */
import { loadConfig } from '#src/config.ts'
import { configReference } from './config-reference.ts'

const HELP = `Check a configuration file, or print the reference of its keys.

Usage: comity config check FILE
       comity config reference

Examples:
  comity config check /etc/comity.yaml      every problem of the file, or 'ok'
  comity config reference                   all keys, their meaning, bounds and defaults, as Markdown
`

export const config = async ([action, file]: readonly string[]): Promise<number> => {
  if (action === 'reference') {
    process.stdout.write(configReference())
    return 0
  }
  if (action === 'check' && file !== undefined) {
    await loadConfig(file)
    process.stdout.write('ok\n')
    return 0
  }
  process.stdout.write(HELP)
  return action === '--help' || action === '-h' ? 0 : 2
}
