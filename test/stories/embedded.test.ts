/** The stories on the smallest backend there is: one process each, built-in ingress, embedded database. */
import { EMBEDDED } from '#src/world/test-network.ts'
import { accountStories } from './accounts.ts'
import { assetStories } from './assets.ts'
import { chatStories } from './chat.ts'
import { connectionStories } from './connections.ts'
import { conversationOutages } from './conversation-outages.ts'
import { conversationStories } from './conversations.ts'
import { deviceStories } from './devices.ts'
import { federationStories } from './federation.ts'
import { messageStories } from './messages.ts'
import { notificationStories } from './notifications.ts'
import { oldPeerStories } from './old-peers.ts'
import { outageStories } from './outage.ts'
import { peopleStories } from './people.ts'
import { tell } from './telling.ts'

tell(
  { name: 'built-in ingress, embedded database, one process', tags: ['embedded'] },
  async () => EMBEDDED,
  chatStories,
  connectionStories,
  conversationStories,
  conversationOutages,
  deviceStories,
  federationStories,
  messageStories,
  notificationStories,
  oldPeerStories,
  outageStories,
  peopleStories,
  assetStories,
  accountStories,
)
