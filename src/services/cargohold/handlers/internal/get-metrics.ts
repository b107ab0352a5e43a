import type { cargoholdInternal } from '#src/contract/internal/cargohold.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import type { CargoholdMetrics } from '../../metrics.ts'

export const getMetrics =
  ({
    metrics,
  }: {
    readonly metrics: CargoholdMetrics
  }): Handler<(typeof cargoholdInternal)['get-metrics'], InternalContext> =>
  async () => ({ outcome: 'figures', body: Buffer.from(await metrics.render()) })
