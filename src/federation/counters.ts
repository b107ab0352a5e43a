/** How many requests went where (federation-transport.md §14), as Prometheus reads it. */
import { COUNTED_DOMAINS_MAX } from './limits.ts'

export interface FederationCounters {
  /** A request to this backend passed our policy. */
  outgoing(domain: string): void
  /** A request came in. Those refused before DNS was asked share one label: anybody can claim any domain. */
  incoming(domain: string, wasAllowed: boolean): void
  /** Prometheus text format. */
  render(): string
}

export const createCounters = (): FederationCounters => {
  const outgoing = new Map<string, number>()
  const incoming = new Map<string, number>()
  return {
    outgoing: (domain) => count(outgoing, domain),
    incoming: (domain, wasAllowed) => count(incoming, wasAllowed ? domain : 'denied'),
    render: () =>
      lines('com_wire_federator_outgoing_requests', 'target_domain', outgoing) +
      lines('com_wire_federator_incoming_requests', 'origin_domain', incoming),
  }
}

const count = (counts: Map<string, number>, domain: string): void => {
  const label = counts.has(domain) || counts.size < COUNTED_DOMAINS_MAX ? domain : 'other'
  counts.set(label, (counts.get(label) ?? 0) + 1)
}

// Domains are LDH names, so nothing in a label needs escaping.
const lines = (metric: string, label: string, counts: ReadonlyMap<string, number>): string =>
  [
    `# TYPE ${metric} counter`,
    ...[...counts].map(([domain, value]) => `${metric}{${label}="${domain}"} ${value}`),
    '',
  ].join('\n')
