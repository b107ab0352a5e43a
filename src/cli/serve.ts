/** `comity serve`: run a backend until told to stop. */
import { parseArgs } from 'node:util'
import { loadConfig, type Role, ROLES } from '#src/config.ts'
import { createLog } from '#src/kit/log.ts'
import { serveRoles } from '#src/roles.ts'

const HELP = `Run a backend, or some of its roles.

Usage: comity serve --config FILE [--role ROLE[,ROLE…]]

Options:
  --config FILE   the YAML file that configures the backend (comity config reference explains its keys)
  --role ROLES    only these roles: ${ROLES.join(', ')}
                  Roles in different processes talk over HTTP at the addresses of 'listen', and need PostgreSQL.
  --help          this text

Environment:
  DATABASE_URL    PostgreSQL to use; wins over the configuration file

Examples:
  comity serve --config /etc/comity.yaml
  comity serve --config /etc/comity.yaml --role federator,ingress
`

export const serve = async (args: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...args],
    options: { config: { type: 'string' }, role: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  if (values.config === undefined) throw new Error(`--config FILE is missing\n\n${HELP}`)
  const roles = parseRoles(values.role)
  const config = await loadConfig(values.config)
  const log = createLog({ level: config.log.level, name: roles.length === ROLES.length ? 'comity' : roles.join(',') })
  const stopped = untilStopped()
  {
    await using serving = await serveRoles({ config, roles, log })
    log.info({ domain: config.domain, roles, addresses: serving.addresses }, 'ready')
    log.info({ reason: await stopped }, 'stopping')
  }
  log.info('stopped')
  return 0
}

const parseRoles = (text: string | undefined): readonly Role[] => {
  if (text === undefined) return ROLES
  const wanted = text.split(',').map((part) => part.trim())
  const unknown = wanted.filter((part) => !ROLES.some((role) => role === part))
  if (unknown.length > 0) throw new Error(`unknown role ${unknown.join(', ')}; roles are ${ROLES.join(', ')}`)
  return ROLES.filter((role) => wanted.includes(role))
}

/** SIGTERM and SIGINT drain; the second one of either ends at once, for when draining hangs. */
const untilStopped = (): Promise<string> =>
  new Promise((resolve) => {
    const stop = (signal: string): void => {
      resolve(signal)
      process.once('SIGINT', () => process.exit(130))
      process.once('SIGTERM', () => process.exit(143))
    }
    process.once('SIGINT', () => stop('SIGINT'))
    process.once('SIGTERM', () => stop('SIGTERM'))
    // A supervisor that vanishes takes its children with it, also when it was killed.
    process.once('disconnect', () => stop('the supervisor is gone'))
  })
