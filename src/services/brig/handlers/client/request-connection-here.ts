import type { RemoteConnectionNeeds } from '../../connect-remotely.ts'
import type { ClientHandler } from '../handler.ts'
import { requestConnection } from './request-connection.ts'

/** COMPAT(v2): the same as any request, of a user whose domain goes without saying. */
export const requestConnectionHere = (needs: RemoteConnectionNeeds): ClientHandler<'request-connection-here'> => {
  const request = requestConnection(needs)
  return ({ body: { user } }, context) => request({ params: { domain: needs.domain, user } }, context)
}
