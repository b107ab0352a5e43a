type Unit = 's' | 'ms' | 'µs' | 'MB' | 'MB/s' | 'req/s' | '/req' | '×' | '1'

export interface Figure {
  /** For people and for comparing runs: does not change. */
  readonly name: string
  readonly value: number
  readonly unit: Unit
  /** What it should stay below, where somebody has said so. */
  readonly below?: number
  /** What it should reach, where somebody has said so. */
  readonly atLeast?: number
}

const DECIMALS: Readonly<Record<Unit, number>> = {
  s: 2,
  ms: 2,
  µs: 0,
  MB: 2,
  'MB/s': 0,
  'req/s': 0,
  '/req': 5,
  '×': 2,
  1: 0,
}

export function table(figures: readonly Figure[]): string {
  const nameWidth = Math.max(...figures.map((figure) => figure.name.length))
  const values = figures.map((figure) => figure.value.toFixed(DECIMALS[figure.unit]))
  const valueWidth = Math.max(...values.map((value) => value.length))
  return figures
    .map((figure, index) => {
      const { name, unit } = figure
      const value = `${(values[index] ?? '').padStart(valueWidth)} ${unit === '1' ? '' : unit}`
      return `${name.padEnd(nameWidth)}  ${value}${goalOf(figure)}`.trimEnd()
    })
    .join('\n')
}

function goalOf({ value, unit, below, atLeast }: Figure): string {
  const goals = [
    ...(below === undefined ? [] : [{ text: `below ${below} ${unit}`, isMet: value < below }]),
    ...(atLeast === undefined ? [] : [{ text: `at least ${atLeast} ${unit}`, isMet: value >= atLeast }]),
  ]
  if (goals.length === 0) return ''
  const missed = goals.every(({ isMet }) => isMet) ? '' : ', missed'
  return `   (goal: ${goals.map(({ text }) => text).join(', ')}${missed})`
}

/** Columns side by side, as Markdown reads them too; the first row names them, the first column names the rows. */
export function grid(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows
  const widths = head.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => pad(row[column] ?? '', width, column)).join(' | ')} |`
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(head), rule, ...rows.slice(1).map(line)].join('\n')
}

const pad = (text: string, width: number, column: number): string =>
  column === 0 ? text.padEnd(width) : text.padStart(width)

/** Nearest rank: the smallest value that at least this share of all values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** Nearest rank, so that what is told has been measured. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)
