/** The stories on what an operator runs: nginx, PostgreSQL, a real name server, every role a process of its own. */
import { test } from 'node:test'
import { shapeNamed, whatIsMissing } from '#test/services/shapes.ts'
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

const missing = await whatIsMissing()
if (missing) {
  test('nginx, PostgreSQL and a name server, roles apart', { skip: missing.message }, () => {})
} else {
  tell(
    { name: 'nginx, PostgreSQL and a name server, roles apart', tags: ['nginx', 'postgresql', 'dns'] },
    () => shapeNamed('split'),
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
}
