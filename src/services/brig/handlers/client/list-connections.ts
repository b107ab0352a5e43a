import type { Domain } from '#src/contract/ids.ts'
import { shownConnection } from '../../connections.ts'
import { readPagingState, writePagingState } from '../../paging-state.ts'
import { listConnections as listStored } from '../../store-connections.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
}

export const listConnections =
  ({ db, domain }: Needs): ClientHandler<'list-connections'> =>
  async ({ body: { size, paging_state: state } }, { caller }) => {
    const after = readPagingState(state)
    // One more than asked for tells whether there are more.
    const rows = await listStored(db, { user: caller.user, ownDomain: domain }, { after, size: size + 1 })
    const connections = rows.slice(0, size).map(shownConnection)
    return {
      outcome: 'page',
      body: {
        connections,
        has_more: rows.length > size,
        paging_state: writePagingState(connections.at(-1)?.qualified_to ?? after),
      },
    }
  }
