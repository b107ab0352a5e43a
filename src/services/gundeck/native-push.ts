/**
 * The way to devices that do not listen: the providers of their platforms wake them. Which provider takes what for which
 * app only the maker of the app knows, who has the keys. So this is a seam: behind it stands a gateway of the operator
 * (`push-gateway.ts`), and without one nobody is woken.
 */
import type { PushToken } from '#src/contract/client/gundeck.ts'
import type { UserId } from '#src/contract/ids.ts'

export interface Wake extends PushToken {
  readonly user: UserId
  /** The newest notification that waits; all that is told, because providers need not know what people write. */
  readonly notification: string
  readonly priority: 'low' | 'high'
}

export interface NativePush {
  /**
   * At most `WAKES_PER_REQUEST_MAX`. Returns those whose tokens are good no longer. Throws when it cannot be said that
   * the others are on their way.
   */
  wake(wakes: readonly Wake[], signal: AbortSignal): Promise<readonly Wake[]>
}
