import { type IntakeNeeds, takeIn } from '../../key-package-intake.ts'
import type { ClientHandler } from '../handler.ts'

export const uploadKeyPackages =
  (needs: IntakeNeeds): ClientHandler<'upload-key-packages'> =>
  async ({ params: { client }, body }, { caller: { user } }) => {
    await takeIn(needs, { user, client, packages: body.key_packages })
    return { outcome: 'uploaded' }
  }
