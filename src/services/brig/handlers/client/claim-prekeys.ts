import { USERS_PER_DEVICE_LIST_MAX } from '#src/contract/client/brig-limits.ts'
import { Domain } from '#src/contract/ids.ts'
import { claimManyAnywhere, type DeviceNeeds, entriesOf } from '../../device-lookup.ts'
import { askEach } from '../../other-backends.ts'
import type { ClientHandler } from '../handler.ts'

export const claimPrekeys =
  (needs: DeviceNeeds): ClientHandler<'claim-prekeys'> =>
  async ({ body }, { apiVersion, requestId }) => {
    const wanted = new Map(Object.entries(body).map(([domain, users]) => [Domain.parse(domain), users]))
    const usersTotal = [...wanted.values()].reduce((sum, users) => sum + Object.keys(users).length, 0)
    if (usersTotal > USERS_PER_DEVICE_LIST_MAX) return { outcome: 'too-many-clients' }
    const { answers, failed } = await askEach([...wanted.keys()], { requestId }, (domain, context) =>
      claimManyAnywhere(needs, { domain, wanted: wanted.get(domain) ?? {} }, context),
    )
    const claimed = Object.fromEntries(answers)
    if (apiVersion < 4) return { outcome: 'claimed-bare', body: claimed }
    const failedUsers = failed.flatMap((domain) => entriesOf(wanted.get(domain) ?? {}).map(([id]) => ({ domain, id })))
    return {
      outcome: 'claimed',
      body: {
        qualified_user_client_prekeys: claimed,
        ...(failedUsers.length > 0 && { failed_to_list: failedUsers }),
      },
    }
  }
