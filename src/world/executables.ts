/** Finding programs of the system, and tying those that are not ours to the life of this process. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** Where Debian keeps servers; not in the path of ordinary users. */
const SYSTEM_DIRECTORIES = ['/usr/sbin', '/usr/local/sbin', '/sbin']

export async function findExecutable(name: string, more: readonly string[] = []): Promise<string | undefined> {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '')
  for (const directory of [...path, ...SYSTEM_DIRECTORIES, ...more]) {
    const candidate = join(directory, name)
    if (await isExecutable(candidate)) return candidate
  }
  return undefined
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

export interface Command {
  readonly command: string
  readonly args: readonly string[]
}

/**
 * A process of ours notices that its parent is gone (die-with-parent.ts); other programs have to be told, which the
 * kernel does where `setpriv` is at hand. Without it they survive a parent that was killed.
 */
export async function diesWithParent({ command, args }: Command, asUser?: string): Promise<Command> {
  const setpriv = await findExecutable('setpriv')
  const identity = asUser === undefined ? [] : [`--reuid=${asUser}`, `--regid=${asUser}`, '--init-groups']
  if (setpriv !== undefined)
    return { command: setpriv, args: [...identity, '--pdeathsig=TERM', '--', command, ...args] }
  if (asUser === undefined) return { command, args }
  return { command: 'runuser', args: ['-u', asUser, '--', command, ...args] }
}
