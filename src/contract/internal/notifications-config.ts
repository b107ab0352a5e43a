/** What an operator decides about notifications; part of the configuration, and what gundeck is told of it. */
import { z } from 'zod'

const URL_CHARACTERS_MAX = 2_048
const FILE_CHARACTERS_MAX = 4_096

export const NotificationsConfig = z
  .strictObject({
    nativePush: z
      .strictObject({
        gatewayUrl: z
          .url({ protocol: /^https?$/ })
          .max(URL_CHARACTERS_MAX)
          .describe('Gateway that wakes devices by the providers of their platforms; it is asked by POST.'),
        secretFile: z
          .string()
          .min(1)
          .max(FILE_CHARACTERS_MAX)
          .optional()
          .describe('File with the secret that is shown to it as bearer token; readable by this process only.'),
      })
      .optional()
      .describe('Absent: devices that are away are not woken.'),
  })
  .prefault({})
export type NotificationsConfig = z.infer<typeof NotificationsConfig>
