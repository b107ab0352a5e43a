/**
 * Counting and timing for every request. `prom-client` makes a text of the labels and looks it up for each observation,
 * which costs more than some of what is observed; here an observation adds to a number that was found before, and
 * `prom-client` hears of it when somebody asks for the metrics.
 */
import { Counter, Histogram, type Registry } from 'prom-client'

interface CounterPlan {
  readonly name: string
  readonly help: string
  readonly label: string
}

/** Adds one to the line of this value. */
export type Count = (value: string) => void

export const counterBy = ({ name, help, label }: CounterPlan, registers: Registry[]): Count => {
  const unheard = new Map<string, number>()
  const counter = new Counter({
    name,
    help,
    labelNames: [label],
    registers,
    collect: () => {
      for (const [value, count] of unheard) counter.inc({ [label]: value }, count)
      unheard.clear()
    },
  })
  return (value) => void unheard.set(value, (unheard.get(value) ?? 0) + 1)
}

interface TimesPlan {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  /** Upper bounds in seconds, ascending. */
  readonly buckets: number[]
}

/** Adds to the line that it was made for. */
export type Observe = (seconds: number) => void

interface Line {
  readonly labels: Readonly<Record<string, string | number>>
  /** By bucket, those beyond the last one not. */
  readonly counts: number[]
  count: number
  sum: number
}

/** Its text is made by `prom-client`, its lines are ours. */
export class Times extends Histogram {
  readonly #plan: TimesPlan
  /** What there is to say beside the lines. */
  readonly #form: Histogram
  readonly #lines: Line[] = []

  constructor(plan: TimesPlan, registers: Registry[]) {
    super({ ...plan, registers })
    this.#plan = plan
    this.#form = new Histogram({ ...plan, registers: [] })
  }

  /** To be called once for these labels. */
  line(labels: Line['labels']): Observe {
    const { buckets } = this.#plan
    const line: Line = { labels, counts: buckets.map(() => 0), count: 0, sum: 0 }
    this.#lines.push(line)
    return (seconds) => {
      line.count += 1
      line.sum += seconds
      for (let bucket = 0; bucket < buckets.length; bucket += 1) {
        if (seconds > (buckets[bucket] ?? 0)) continue
        line.counts[bucket] = (line.counts[bucket] ?? 0) + 1
        return
      }
    }
  }

  /** What the registry asks for to make its text. */
  getForPromString(): ReturnType<Histogram['get']> {
    return this.get()
  }

  override async get(): ReturnType<Histogram['get']> {
    return { ...(await this.#form.get()), values: this.#lines.flatMap((line) => this.#valuesOf(line)) }
  }

  #valuesOf({ labels, counts, count, sum }: Line) {
    const { name, buckets } = this.#plan
    let below = 0
    const upTo = buckets.map((le, bucket) => {
      below += counts[bucket] ?? 0
      return { labels: { le, ...labels }, value: below, metricName: `${name}_bucket` }
    })
    return [
      ...upTo,
      { labels: { le: '+Inf', ...labels }, value: count, metricName: `${name}_bucket` },
      { labels: { ...labels }, value: sum, metricName: `${name}_sum` },
      { labels: { ...labels }, value: count, metricName: `${name}_count` },
    ]
  }
}
