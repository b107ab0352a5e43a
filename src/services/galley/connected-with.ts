/** Which users of ours are connected with somebody: only they may be brought into conversations by him. */
import type { QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'

export interface ConnectionQuestion {
  readonly users: readonly UserId[]
  readonly requestId: string
}

export const connectedWith = async (
  brig: Transport,
  adder: QualifiedUserId,
  { users, requestId }: ConnectionQuestion,
): Promise<ReadonlySet<UserId>> => {
  if (users.length === 0) return new Set()
  const { body } = await call(
    brig,
    brigInternal['get-connections-to'],
    { body: { to: adder, from: [...users] } },
    { headers: { 'request-id': requestId } },
  )
  return new Set(body.filter(({ status }) => status === 'accepted').map(({ from }) => from))
}
