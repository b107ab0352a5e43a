/** `comity queue`: what waits for other backends, and a hand on it. Speaks to the courier that is running. */
import { parseArgs } from 'node:util'
import { loadConfig } from '#src/config.ts'
import {
  courierInternal,
  type DeadLetter,
  LaneAction,
  LaneName,
  type LaneState,
} from '#src/contract/internal/courier.ts'
import { call, overHttp } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'

const HELP = `See what waits for other backends, and have a hand on it.

Usage: comity queue list --config FILE [--json]
       comity queue show LANE --config FILE [--json]
       comity queue pause|resume|retry|drain|replay LANE --config FILE [--dry-run] [--letter ID]...

  LANE      the domain of a backend, or @local for what our own parts are to be told
  list      every lane: how much waits, since when, how many dead letters, whether it rests or fails
  show      the dead letters of a lane: what was asked, what was answered, why it was given up
  pause     the lane rests; what is written for it waits. Survives restarts
  resume    it goes on
  retry     try now what waits for its next try
  drain     put all that waits now aside as dead letters, for a backend that is gone for good. They can be replayed
  replay    let dead letters wait again, in the places that they had: all of the lane, or those of --letter

Every command is harmless the second time.

Options:
  --config FILE   the backend's configuration; the courier is asked at its internal address
  --dry-run       only say how many letters it concerns
  --letter ID     of replay: this one; may be repeated
  --json          JSON instead of text
  --help          this text

Exit code: 0 done, 1 the courier cannot be asked, 2 the command line is wrong

Examples:
  comity queue list --config /etc/comity.yaml
  comity queue show beta.example --config /etc/comity.yaml
  comity queue replay beta.example --dry-run --config /etc/comity.yaml
`

const USAGE_ERROR = 2
const COURIER_TIMEOUT_MS = 60_000

export const queue = async (args: readonly string[]): Promise<number> => {
  const asked = parseCommand(args)
  if ('help' in asked) {
    process.stdout.write(HELP)
    return 0
  }
  if ('problem' in asked) {
    process.stderr.write(`comity queue: ${asked.problem}; see comity queue --help\n`)
    return USAGE_ERROR
  }
  const { listen } = await loadConfig(asked.configFile)
  const { host, port } = listen.courier
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  await using courier = overHttp(url, { timeoutMs: COURIER_TIMEOUT_MS })
  process.stdout.write(await carryOut(courier, asked))
  return 0
}

interface Command {
  readonly configFile: string
  readonly action: 'list' | 'show' | LaneAction
  readonly lane: string
  readonly letters: readonly string[] | undefined
  readonly isDryRun: boolean
  readonly isJson: boolean
}

type Parsed = Command | { readonly help: true } | { readonly problem: string }

const parseCommand = (args: readonly string[]): Parsed => {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
    if (values.help) return { help: true }
    const [action, lane, ...more] = positionals
    const known = action === 'list' || action === 'show' ? action : LaneAction.safeParse(action).data
    if (known === undefined) return { problem: `there is no '${action ?? ''}'` }
    if (values.config === undefined) return { problem: '--config FILE is missing' }
    const isComplete = known === 'list' ? lane === undefined : LaneName.safeParse(lane).success
    if (!isComplete || more.length > 0) return { problem: known === 'list' ? 'list takes no LANE' : 'LANE is missing' }
    if (values.letter && known !== 'replay') return { problem: '--letter is for replay' }
    return {
      configFile: values.config,
      action: known,
      lane: lane ?? '',
      letters: values.letter,
      isDryRun: values['dry-run'],
      isJson: values.json,
    }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

const OPTIONS = {
  config: { type: 'string' },
  letter: { type: 'string', multiple: true },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const

const carryOut = async (courier: Transport, { action, lane, letters, isDryRun, isJson }: Command): Promise<string> => {
  if (action === 'list') {
    const { body } = await call(courier, courierInternal['list-lanes'], {})
    return isJson ? json(body) : lanesText(body.lanes)
  }
  if (action === 'show') {
    const { body } = await call(courier, courierInternal['list-dead-letters'], { query: { lane } })
    return isJson ? json(body) : lettersText(lane, body.letters)
  }
  const { body } = await call(courier, courierInternal['control-lane'], {
    body: { lane, action, dryRun: isDryRun, ...(letters && { letters: [...letters] }) },
  })
  if (isJson) return json(body)
  const what = action === 'replay' ? 'dead letters' : 'letters that wait'
  return `${action} ${lane}: ${body.letters} ${what}${isDryRun ? '; nothing was changed' : ''}\n`
}

const json = (body: unknown): string => `${JSON.stringify(body, undefined, 2)}\n`

const lanesText = (lanes: readonly LaneState[]): string => {
  if (lanes.length === 0) return 'Nothing waits, and nothing was given up.\n'
  return lanes
    .map(({ service, lane, waiting, oldest, dead, isPaused, isStuck }) => {
      const state = [isPaused ? 'rests' : '', isStuck ? 'fails and is tried again' : ''].filter((each) => each !== '')
      const since = oldest === null ? '' : ` since ${oldest}`
      const how = state.length > 0 ? ` (${state.join(', ')})` : ''
      return `${lane} from ${service}: ${waiting} waiting${since}, ${dead} dead${how}\n`
    })
    .join('')
}

const lettersText = (lane: string, letters: readonly DeadLetter[]): string => {
  if (letters.length === 0) return `No dead letters for ${lane}.\n`
  return letters
    .map(
      ({ id, service, reason, detail, request, answer, buried_at }) =>
        `${id} of ${service}, given up ${buried_at}: ${reason} ${detail}\n` +
        `  asked:    ${request || '(nobody was asked)'}\n  answered: ${answer || '(nothing)'}\n`,
    )
    .join('')
}
