#!/usr/bin/env node
/** The command line. Knows which command is meant and nothing about how it is done. */
import { causeChain } from '#src/kit/errors.ts'

interface Command {
  readonly summary: string
  /** Resolves with the exit code. Loaded only when chosen: starting must not pay for what is not used. */
  run(args: readonly string[]): Promise<number>
}

const commands: Readonly<Record<string, Command>> = {
  serve: {
    summary: 'run a backend, or some of its roles, from a configuration file',
    run: async (args) => (await import('#src/cli/serve.ts')).serve(args),
  },
  ingress: {
    summary: 'print an nginx configuration that replaces the built-in ingress',
    run: async (args) => (await import('#src/cli/ingress.ts')).ingress(args),
  },
  check: {
    summary: 'go every step to another backend, or look at this one from outside, and say what to mend',
    run: async (args) => (await import('#src/cli/check.ts')).check(args),
  },
  queue: {
    summary: 'see what waits for other backends: pause, resume, retry, drain, and replay what was given up',
    run: async (args) => (await import('#src/cli/queue.ts')).queue(args),
  },
  world: {
    summary: 'run several whole backends on this machine, to try and to develop',
    run: async (args) => (await import('#src/cli/world.ts')).world(args),
  },
  config: {
    summary: 'check a configuration file, or print the reference of its keys',
    run: async (args) => (await import('#src/cli/config.ts')).config(args),
  },
}

const USAGE = `Comity: a federated messaging backend.

Usage: comity COMMAND [OPTIONS]

Commands:
${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`)
  .join('\n')}

Every command explains itself: comity COMMAND --help

Examples:
  comity world run                          two backends, alpha.test and beta.test, ready to use
  comity serve --config /etc/comity.yaml    one backend, all roles in this process
  comity check beta.example --config /etc/comity.yaml
  comity ingress nginx --config /etc/comity.yaml > /etc/nginx/comity.conf
`

const main = async ([name, ...args]: readonly string[]): Promise<number> => {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(USAGE)
    return name === undefined ? 2 : 0
  }
  const command = commands[name]
  if (!command) {
    process.stderr.write(`comity: there is no command '${name}'\n\n${USAGE}`)
    return 2
  }
  return command.run(args)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  // Problems that the operator can mend are errors with a message that says how; the chain says where they come from.
  process.stderr.write(`comity: ${causeChain(error)}\n`)
  process.exitCode = 1
}
