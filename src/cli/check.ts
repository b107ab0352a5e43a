/** `comity check`: why a peer cannot be reached, or why peers cannot reach us. */
import { parseArgs } from 'node:util'
import { checkPeer } from '#src/check/peer.ts'
import { isGood, renderJson, renderStep, renderSummary } from '#src/check/report.ts'
import { checkSelf } from '#src/check/self.ts'
import type { Step } from '#src/check/step.ts'
import { type Config, loadConfig } from '#src/config.ts'
import { Domain } from '#src/contract/ids.ts'
import { systemClock } from '#src/kit/clock.ts'
import { systemRandom } from '#src/kit/random.ts'

const HELP = `Go every step to another backend and say which one fails, why it matters, and what to change.

Usage: comity check DOMAIN --config FILE [--json]
       comity check --self --config FILE [--json]

  DOMAIN          the peer: own certificate, policy, SRV record, addresses, TCP, TLS, the peer's certificate, HTTP/2,
                  api-version, clock. It is asked for its API versions as our federator would ask, and nothing else;
                  also if our policy does not allow it, so that all is known before it is allowed.
  --self          what peers see of us: policy, SRV record, addresses, the certificates of ingress and federator, and
                  whether the ingress answers there and demands a client certificate

Options:
  --config FILE   the backend's configuration; the same resolvers, certificates, addresses and time limits are used.
                  Run it on the machine of the federator: another one may see another network.
  --json          one JSON document instead of text
  --help          this text

Exit code: 0 nothing failed (there may be warnings), 1 a step failed, 2 the command line is wrong

Examples:
  comity check beta.example --config /etc/comity.yaml
  comity check --self --config /etc/comity.yaml
  comity check beta.example --config /etc/comity.yaml --json | jq -r '.steps[] | select(.verdict == "failed") | .fact'
`

const USAGE_ERROR = 2

export const check = async (args: readonly string[]): Promise<number> => {
  const asked = parseCommand(args)
  if ('help' in asked) {
    process.stdout.write(HELP)
    return 0
  }
  if ('problem' in asked) {
    process.stderr.write(`comity check: ${asked.problem}; see comity check --help\n`)
    return USAGE_ERROR
  }
  const { configFile, domain, isJson } = asked
  const config = await loadConfig(configFile)
  if (domain === config.domain) {
    process.stderr.write(`comity check: ${domain} is this backend; see it as others do with comity check --self\n`)
    return USAGE_ERROR
  }
  return run({ config, configFile, domain, isJson })
}

interface Command {
  readonly configFile: string
  /** Undefined for ourselves. */
  readonly domain: Domain | undefined
  readonly isJson: boolean
}

type Parsed = Command | { readonly help: true } | { readonly problem: string }

const parseCommand = (args: readonly string[]): Parsed => {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
    if (values.help) return { help: true }
    if (values.config === undefined) return { problem: '--config FILE is missing' }
    if (values.self ? positionals.length > 0 : positionals.length !== 1)
      return { problem: 'DOMAIN or --self, one of both' }
    const domain = values.self ? undefined : Domain.safeParse(positionals[0])
    if (domain && !domain.success) return { problem: `“${positionals[0]}” is not the domain of a backend` }
    return { configFile: values.config, domain: domain?.data, isJson: values.json }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

const OPTIONS = {
  config: { type: 'string' },
  self: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const

const run = async ({ config, configFile, domain, isJson }: Command & { config: Config }): Promise<number> => {
  const needs = { config, configFile, clock: systemClock, random: systemRandom }
  const subject = { domain: domain ?? config.domain, seenFrom: config.domain, at: systemClock.now() }
  const say = (text: string): void => void process.stdout.write(text)
  if (!isJson)
    say(domain ? `The way from ${config.domain} to ${domain}:\n\n` : `What peers see of ${config.domain}:\n\n`)
  const steps: Step[] = []
  for await (const step of domain ? checkPeer(needs, domain) : checkSelf(needs)) {
    if (!isJson) say(renderStep(step, steps.at(-1)))
    steps.push(step)
  }
  say(isJson ? renderJson(steps, subject) : renderSummary(steps, subject))
  return isGood(steps) ? 0 : 1
}
