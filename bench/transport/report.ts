/** From measurements to medians, ratios and tables. */
import { type Figure, grid, median, table } from '../figures.ts'
import type { BulkMeasurement, Direction } from './bulk.ts'
import type { Measurement } from './measure.ts'
import { type ChainName, CHAINS } from './options.ts'

export interface Results {
  readonly requests: readonly Measurement[]
  readonly bulk: readonly BulkMeasurement[]
  readonly bulkMegabytes: number
  /** About the machine, and what was left out. */
  readonly remarks: readonly string[]
}

/** Medians of the repetitions. */
interface Row {
  readonly name: ChainName
  readonly inFlight: number
  readonly rate: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMicros: number
  readonly hops: readonly { readonly name: string; readonly micros: number }[]
  readonly responderMicros: number
  /** Per request, of all repetitions together: zero means that not one happened. */
  readonly handshakes: number
  readonly certificatesParsed: number | undefined
  /** Of all repetitions. */
  readonly failures: number
}

interface BulkRow {
  readonly name: ChainName
  readonly direction: Direction
  readonly speed: number
  /** Milliseconds per MB. */
  readonly cpu: number
  readonly growthMb: number
}

/** Issue 3 asks for these, with so many requests in flight. */
const GOAL_IN_FLIGHT = 64
const GOAL_NGINX = 0.35
const GOAL_NAIVE = 15
const GOAL_BULK = 0.4
const GOAL_GROWTH_MB = 64
/** One handshake in so many requests would still be one per connection and not per request. */
const GOAL_PER_REQUEST = 0.0001

export const report = (results: Results): { readonly figures: readonly Figure[]; readonly text: string } => {
  const rows = rowsOf(results.requests)
  const bulk = bulkRowsOf(results.bulk)
  const goals = [...goalFigures(rows), ...bulkGoalFigures(bulk)]
  const sections = [
    results.remarks.join('\n'),
    ...inFlightOf(rows).map((inFlight) => `${inFlight} in flight\n\n${requestGrid(rows, inFlight)}`),
    ...(rows.length > 0 ? [`CPU per request of each hop, ${hopsInFlight(rows)} in flight\n\n${hopGrid(rows)}`] : []),
    ...(bulk.length > 0 ? [`${results.bulkMegabytes} MB\n\n${bulkGrid(bulk)}`] : []),
    ...(goals.length > 0 ? [table(goals)] : []),
  ]
  return {
    figures: [...goals, ...rows.flatMap(figuresOf), ...bulk.flatMap(bulkFiguresOf)],
    text: sections.join('\n\n'),
  }
}

const rowsOf = (measurements: readonly Measurement[]): readonly Row[] =>
  inFlightOf(measurements).flatMap((inFlight) =>
    CHAINS.flatMap((name) => {
      const of = measurements.filter((each) => each.chain.name === name && each.inFlight === inFlight)
      return of.length === 0 ? [] : [rowOf(name, of)]
    }),
  )

const inFlightOf = (of: readonly { readonly inFlight: number }[]): readonly number[] => [
  ...new Set(of.map(({ inFlight }) => inFlight)),
]

const rowOf = (name: ChainName, of: readonly Measurement[]): Row => {
  const [first] = of
  const total = (value: (each: Measurement) => number): number => of.reduce((sum, each) => sum + value(each), 0)
  const requests = total((each) => each.requests)
  const isCounted = of.every((each) => each.certificatesParsed !== undefined)
  return {
    name,
    inFlight: first?.inFlight ?? 0,
    rate: median(of.map((each) => each.requestsPerSecond)),
    p50Ms: median(of.map((each) => each.p50Ms)),
    p99Ms: median(of.map((each) => each.p99Ms)),
    cpuMicros: median(of.map((each) => each.hopMicros.reduce((sum, micros) => sum + micros, 0))),
    hops: (first?.chain.hops ?? []).map((hop, index) => ({
      name: hop.name,
      micros: median(of.map((each) => each.hopMicros[index] ?? 0)),
    })),
    responderMicros: median(of.map((each) => each.responderMicros)),
    failures: total((each) => each.failures),
    handshakes: total((each) => each.handshakes) / requests,
    certificatesParsed: isCounted ? total((each) => each.certificatesParsed ?? 0) / requests : undefined,
  }
}

const bulkRowsOf = (measurements: readonly BulkMeasurement[]): readonly BulkRow[] =>
  CHAINS.flatMap((name) =>
    (['down', 'up'] as const).flatMap((direction) => {
      const of = measurements.filter((each) => each.chain.name === name && each.direction === direction)
      if (of.length === 0) return []
      const speed = median(of.map((each) => each.megabytesPerSecond))
      const cpu = median(of.map((each) => each.cpuMillisPerMb))
      return [{ name, direction, speed, cpu, growthMb: Math.max(...of.map((each) => each.growthMb)) }]
    }),
  )

const find = (rows: readonly Row[], name: ChainName, inFlight: number): Row | undefined =>
  rows.find((row) => row.name === name && row.inFlight === inFlight)

const requestGrid = (rows: readonly Row[], inFlight: number): string => {
  const nginx = find(rows, 'nginx', inFlight)
  const naive = find(rows, 'naive', inFlight)
  return grid([
    [
      'chain',
      'req/s',
      'p50 ms',
      'p99 ms',
      'CPU µs',
      '× nginx',
      '× naive',
      'CPU × nginx',
      'handshakes/req',
      'parses/req',
      'failed',
    ],
    ...rows
      .filter((row) => row.inFlight === inFlight)
      .map((row) => [
        row.name,
        row.rate.toFixed(0),
        row.p50Ms.toFixed(2),
        row.p99Ms.toFixed(1),
        row.cpuMicros.toFixed(0),
        ratio(row.rate, nginx?.rate),
        ratio(row.rate, naive?.rate),
        ratio(row.cpuMicros, nginx?.cpuMicros),
        row.handshakes.toFixed(4),
        row.certificatesParsed?.toFixed(4) ?? '-',
        String(row.failures),
      ]),
  ])
}

const ratio = (value: number, of: number | undefined): string => (of === undefined ? '?' : (value / of).toFixed(2))

const hopsInFlight = (rows: readonly Row[]): number =>
  rows.some(({ inFlight }) => inFlight === GOAL_IN_FLIGHT) ? GOAL_IN_FLIGHT : (rows[0]?.inFlight ?? 0)

const hopGrid = (rows: readonly Row[]): string =>
  grid([
    ['chain', 'hops, µs', 'responder, µs'],
    ...rows
      .filter(({ inFlight }) => inFlight === hopsInFlight(rows))
      .map(({ name, hops, responderMicros }) => [
        name,
        hops.map((hop) => `${hop.name} ${hop.micros.toFixed(0)}`).join(', '),
        responderMicros.toFixed(0),
      ]),
  ])

const bulkGrid = (rows: readonly BulkRow[]): string =>
  grid([
    ['chain', 'direction', 'MB/s', '× nginx', 'CPU ms/MB', 'memory growth MB'],
    ...rows.map(({ name, direction, speed, cpu, growthMb }) => [
      name,
      direction,
      speed.toFixed(0),
      ratio(speed, nginxSpeed(rows, direction)),
      cpu.toFixed(1),
      growthMb.toFixed(0),
    ]),
  ])

const nginxSpeed = (rows: readonly BulkRow[], direction: Direction): number | undefined =>
  rows.find((row) => row.name === 'nginx' && row.direction === direction)?.speed

const goalFigures = (rows: readonly Row[]): readonly Figure[] => {
  const at = `${GOAL_IN_FLIGHT} in flight`
  const ours = find(rows, 'comity', GOAL_IN_FLIGHT)
  if (!ours) return []
  const nginx = find(rows, 'nginx', GOAL_IN_FLIGHT)
  const naive = find(rows, 'naive', GOAL_IN_FLIGHT)
  const { handshakes, certificatesParsed } = ours
  return [
    ...(nginx
      ? [{ name: `rate, ${at}, to nginx`, value: ours.rate / nginx.rate, unit: '×' as const, atLeast: GOAL_NGINX }]
      : []),
    ...(naive
      ? [{ name: `rate, ${at}, to naive`, value: ours.rate / naive.rate, unit: '×' as const, atLeast: GOAL_NAIVE }]
      : []),
    { name: `TLS handshakes, ${at}`, value: handshakes, unit: '/req', below: GOAL_PER_REQUEST },
    ...(certificatesParsed === undefined
      ? []
      : [
          {
            name: `certificates parsed, ${at}`,
            value: certificatesParsed,
            unit: '/req' as const,
            below: GOAL_PER_REQUEST,
          },
        ]),
  ]
}

const bulkGoalFigures = (rows: readonly BulkRow[]): readonly Figure[] =>
  rows
    .filter(({ name }) => name === 'comity')
    .flatMap(({ direction, speed, growthMb }): Figure[] => {
      const nginx = nginxSpeed(rows, direction)
      return [
        ...(nginx === undefined
          ? []
          : [{ name: `bulk ${direction}, to nginx`, value: speed / nginx, unit: '×' as const, atLeast: GOAL_BULK }]),
        { name: `bulk ${direction}, memory growth`, value: growthMb, unit: 'MB', below: GOAL_GROWTH_MB },
      ]
    })

const figuresOf = (row: Row): readonly Figure[] => {
  const name = (what: string): string => `${row.name}, ${row.inFlight} in flight: ${what}`
  return [
    { name: name('rate'), value: row.rate, unit: 'req/s' },
    { name: name('p50'), value: row.p50Ms, unit: 'ms' },
    { name: name('p99'), value: row.p99Ms, unit: 'ms' },
    { name: name('CPU'), value: row.cpuMicros, unit: 'µs' },
    ...row.hops.map((hop): Figure => ({ name: name(`CPU of ${hop.name}`), value: hop.micros, unit: 'µs' })),
    { name: name('CPU of responder'), value: row.responderMicros, unit: 'µs' },
    { name: name('failed'), value: row.failures, unit: '1' },
    { name: name('TLS handshakes'), value: row.handshakes, unit: '/req' },
    ...(row.certificatesParsed === undefined
      ? []
      : [{ name: name('certificates parsed'), value: row.certificatesParsed, unit: '/req' as const }]),
  ]
}

const bulkFiguresOf = ({ name, direction, speed, cpu, growthMb }: BulkRow): readonly Figure[] => [
  { name: `${name}, bulk ${direction}: speed`, value: speed, unit: 'MB/s' },
  { name: `${name}, bulk ${direction}: CPU per MB`, value: cpu, unit: 'ms' },
  { name: `${name}, bulk ${direction}: memory growth`, value: growthMb, unit: 'MB' },
]
