/** `comity world`: several whole backends on this machine, and commands to the ones that run. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { systemClock } from '#src/kit/clock.ts'
import { askWorld, type ControlRequest } from '#src/world/control.ts'
import { worldLayout } from '#src/world/layout.ts'
import { BACKENDS_MAX } from '#src/world/limits.ts'
import { DEFAULT_DATA_DIRECTORY, type RunOptions, runWorld } from '#src/world/run.ts'

const DEFAULT_BACKENDS = 'alpha.test,beta.test'

const HELP = `Run several whole backends on this machine, with an authority and a DNS server of their own.

Usage: comity world run [OPTIONS]
       comity world stop DOMAIN [--kill] [--data DIR]
       comity world start DOMAIN [--data DIR]
       comity world status [--data DIR]

'run' starts the backends, registers a person at each, lets the first send the others a message, shows the way
it took, and stays up until Ctrl-C. The other commands speak to the world that runs on the same directory.

Options of 'run':
  --backends LIST      domains, separated by commas (default ${DEFAULT_BACKENDS})
  --data DIR           where data, keys, configuration and logs are kept (default ${DEFAULT_DATA_DIRECTORY})
  --fresh              begin with nothing: remove what an earlier world left in DIR and in the databases
  --ingress KIND       builtin or nginx, which must be installed (default builtin)
  --database-url URL   a PostgreSQL server; a database per backend is created in it (default: embedded)
  --settings FILE      JSON: sections of the configuration that all backends get, like {"log": {"level": "debug"}}
  --ready-file FILE    written when everything is up: addresses, accounts and files as JSON; removed at the end

Options of 'stop':
  --kill               as a crash would (SIGKILL)

Examples:
  comity world run --backends a.test,b.test,c.test --fresh
  comity world stop beta.test --kill
  comity world start beta.test
`

export async function world([command, ...args]: readonly string[]): Promise<number> {
  if (
    command === undefined ||
    command === 'help' ||
    args.includes('--help') ||
    args.includes('-h') ||
    command.startsWith('-')
  ) {
    process.stdout.write(HELP)
    return command === undefined ? 2 : 0
  }
  switch (command) {
    case 'run':
      await runWorld(runOptions(args), { clock: systemClock, say: (line) => void process.stdout.write(`${line}\n`) })
      return 0
    case 'stop':
    case 'start':
    case 'status':
      return tell(command, args)
    default:
      throw new UsageError(`there is no command 'world ${command}'`)
  }
}

class UsageError extends Error {
  constructor(problem: string) {
    super(`${problem}; see comity world --help`)
    this.name = 'UsageError'
  }
}

export function runOptions(args: readonly string[]): RunOptions {
  const { values, positionals } = parse(args, {
    backends: { type: 'string', default: DEFAULT_BACKENDS },
    data: { type: 'string', default: DEFAULT_DATA_DIRECTORY },
    fresh: { type: 'boolean', default: false },
    ingress: { type: 'string', default: 'builtin' },
    'database-url': { type: 'string' },
    settings: { type: 'string' },
    'ready-file': { type: 'string' },
  })
  if (positionals.length > 0) throw new UsageError(`what is '${positionals.join(' ')}'?`)
  if (values.ingress !== 'builtin' && values.ingress !== 'nginx') {
    throw new UsageError(`--ingress is builtin or nginx, not '${values.ingress}'`)
  }
  return {
    domains: domainsIn(values.backends),
    dataDirectory: values.data,
    isFresh: values.fresh,
    ingress: values.ingress,
    databaseUrl: databaseUrl(values['database-url']),
    settingsFile: values.settings,
    readyFile: values['ready-file'],
  }
}

/** Looks like a domain; the backends themselves check the whole grammar when they read their configuration. */
const DOMAIN = /^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/

function domainsIn(list: string): string[] {
  const domains = list.split(',').map((domain) => domain.trim().toLowerCase())
  const wrong = domains.filter((domain) => !DOMAIN.test(domain))
  if (wrong.length > 0)
    throw new UsageError(`--backends takes domains like alpha.test,beta.test, not '${wrong.join(',')}'`)
  if (new Set(domains).size < domains.length) throw new UsageError('--backends names a domain twice')
  if (domains.length > BACKENDS_MAX) throw new UsageError(`--backends takes at most ${BACKENDS_MAX} domains`)
  return domains
}

function databaseUrl(url: string | undefined): string | undefined {
  if (url === undefined || /^postgres(ql)?:\/\//.test(url)) return url
  throw new UsageError('--database-url is like postgres://user:password@host:5432/postgres')
}

async function tell(command: 'stop' | 'start' | 'status', args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    data: { type: 'string', default: DEFAULT_DATA_DIRECTORY },
    kill: { type: 'boolean', default: false },
  })
  const request = requestFrom(command, positionals, values.kill)
  const answer = await askWorld(worldLayout(values.data).controlSocket, request)
  if (!answer) throw new Error(`no world runs on ${values.data}; start one with comity world run --data ${values.data}`)
  if (answer.outcome === 'failed') throw new Error(answer.reason)
  for (const { domain, isRunning, clientApi, pids } of answer.backends) {
    process.stdout.write(
      `${domain}  ${isRunning ? `runs at ${clientApi}, process ${pids.join(', ')}` : 'is stopped'}\n`,
    )
  }
  return 0
}

function requestFrom(
  command: 'stop' | 'start' | 'status',
  positionals: readonly string[],
  kill: boolean,
): ControlRequest {
  if (command === 'status') return { command }
  const [domain] = positionals
  if (domain === undefined || positionals.length > 1) throw new UsageError(`'world ${command}' takes one domain`)
  return command === 'stop' ? { command, domain, kill } : { command, domain }
}

function parse<const Options extends ParseArgsOptionsConfig>(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
