export interface Figure {
  /** For people and for comparing runs: does not change. */
  readonly name: string
  readonly value: number
  readonly unit: 's' | 'ms' | 'MB' | '1'
  /** What it should stay below, where somebody has said so. */
  readonly below?: number
}

export function table(figures: readonly Figure[]): string {
  const nameWidth = Math.max(...figures.map((figure) => figure.name.length))
  const values = figures.map((figure) => figure.value.toFixed(figure.unit === '1' ? 0 : 2))
  const valueWidth = Math.max(...values.map((value) => value.length))
  return figures
    .map(({ name, unit, below }, index) => {
      const goal = below === undefined ? '' : `   (goal: below ${below} ${unit})`
      const value = `${(values[index] ?? '').padStart(valueWidth)} ${unit === '1' ? '' : unit}`
      return `${name.padEnd(nameWidth)}  ${value}${goal}`.trimEnd()
    })
    .join('\n')
}

/** Nearest rank: the smallest value that at least this share of all values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
