/** Stored rows as clients see them. */
import type { Notification } from '#src/contract/client/gundeck.ts'
import { ClientId, type UserId } from '#src/contract/ids.ts'
import type { PushedEvent } from '#src/contract/internal/gundeck.ts'
import { notificationId, type Position } from './notification-id.ts'

export const toNotification = (
  user: UserId,
  { at, payload }: { readonly at: Position; readonly payload: string },
): Notification => ({
  id: notificationId(user, at),
  // Written by `asciiJson` from events that the contract had parsed.
  payload: JSON.parse(payload) as PushedEvent[],
})

/** The one spelling of a device's id; text that is none stays as it is and matches no device. */
export const clientFilter = (text: string | undefined): string | undefined => {
  const client = ClientId.safeParse(text)
  return client.success ? client.data : text
}
