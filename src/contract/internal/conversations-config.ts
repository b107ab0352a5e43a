/** What an operator decides about conversations; part of the configuration, and what galley is told of it. */
import { z } from 'zod'
import { GROUP_MEMBERS_DEFAULT, GROUP_MEMBERS_MAX } from '../client/galley-limits.ts'
import { ConversationProtocol } from '../vocabulary.ts'

const LINK_CHARACTERS_MAX = 2_048
const LINK_HOSTS_MAX = 100

export const ConversationsConfig = z
  .strictObject({
    membersMax: z
      .int()
      .min(2)
      .max(GROUP_MEMBERS_MAX)
      .default(GROUP_MEMBERS_DEFAULT)
      .describe('Members that a group may have, its creator included.'),
    federatedProtocols: z
      .array(ConversationProtocol)
      .max(ConversationProtocol.options.length)
      .default([...ConversationProtocol.options])
      .describe('Protocols of conversations of this backend that users of other backends may be in.'),
    guestLinks: z
      .strictObject({
        enabled: z.boolean().default(true).describe('Whether groups may have links by which people join.'),
        uri: z
          .url()
          .max(LINK_CHARACTERS_MAX)
          .optional()
          .describe('What links begin with. Default: `https://<domain>/conversation-join/`.'),
        perHost: z
          .array(z.strictObject({ host: z.string().min(1).max(253), uri: z.url().max(LINK_CHARACTERS_MAX) }))
          .max(LINK_HOSTS_MAX)
          .default([])
          .describe(
            'What links begin with instead, by the host (`Z-Host`) through which an app came; others get none.',
          ),
      })
      .prefault({}),
  })
  .prefault({})
export type ConversationsConfig = z.infer<typeof ConversationsConfig>
