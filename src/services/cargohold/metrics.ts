/** What an operator sees of cargohold, as Prometheus reads it. */
import { Counter, Gauge, Registry } from 'prom-client'
import type { Domain } from '#src/contract/ids.ts'
import { COUNTED_PEERS_MAX } from './limits.ts'

export interface CargoholdMetrics {
  uploaded(bytes: number): void
  /** A client of ours begins to get an asset of this backend, or of another one. */
  downloaded(from: 'own' | 'remote'): void
  /** A transfer to another backend has ended. */
  transferred(peer: Domain, how: 'complete' | 'broken-off', bytes: number): void
  /** Another backend asked for what it may not have, or for too much. */
  refused(peer: Domain, why: 'not-found' | 'too-many'): void
  /** Whom to ask how many uploads and transfers are under way. */
  watch(state: () => { readonly uploads: number; readonly transfers: number }): void
  /** Prometheus text format. */
  render(): Promise<string>
}

export const createMetrics = (): CargoholdMetrics => {
  const registers = [new Registry()]
  const totals = countersOf(registers)
  const named = new Set<string>()
  const nameOf = (peer: Domain): string => {
    if (named.size < COUNTED_PEERS_MAX) named.add(peer)
    return named.has(peer) ? peer : 'other'
  }
  return {
    uploaded: (bytes) => {
      totals.uploads.inc()
      totals.uploadedBytes.inc(bytes)
    },
    downloaded: (from) => totals.downloads.inc({ from }),
    transferred: (peer, outcome, bytes) => {
      totals.transfers.inc({ peer: nameOf(peer), outcome })
      totals.transferredBytes.inc({ peer: nameOf(peer) }, bytes)
    },
    refused: (peer, outcome) => totals.transfers.inc({ peer: nameOf(peer), outcome }),
    watch: (state) => showState(registers, state),
    render: async () => (await Promise.all(registers.map((registry) => registry.metrics()))).join('\n'),
  }
}

const countersOf = (registers: Registry[]) => ({
  uploads: new Counter({ name: 'comity_assets_uploads_total', help: 'Assets that were kept.', registers }),
  uploadedBytes: new Counter({ name: 'comity_assets_uploaded_bytes_total', help: 'Their bytes.', registers }),
  downloads: new Counter({
    name: 'comity_assets_downloads_total',
    help: 'Downloads by our clients, of assets of this backend or of others.',
    labelNames: ['from'],
    registers,
  }),
  transfers: new Counter({
    name: 'comity_assets_transfers_total',
    help: 'Requests of other backends for assets by how they ended.',
    labelNames: ['peer', 'outcome'],
    registers,
  }),
  transferredBytes: new Counter({
    name: 'comity_assets_transferred_bytes_total',
    help: 'Bytes that were read for other backends.',
    labelNames: ['peer'],
    registers,
  }),
})

const showState = (
  registers: Registry[],
  state: () => { readonly uploads: number; readonly transfers: number },
): void => {
  const show = (name: string, help: string, valueOf: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(valueOf())
      },
    })
  show('comity_assets_uploads', 'Uploads under way.', () => state().uploads)
  show('comity_assets_transfers', 'Transfers to other backends under way.', () => state().transfers)
}
