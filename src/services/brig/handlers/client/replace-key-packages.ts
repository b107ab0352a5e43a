import { type IntakeNeeds, takeIn } from '../../key-package-intake.ts'
import { suitesAskedFor } from '../../suite-parameter.ts'
import type { ClientHandler } from '../handler.ts'

export const replaceKeyPackages =
  (needs: IntakeNeeds): ClientHandler<'replace-key-packages'> =>
  async ({ params: { client }, query, body }, { caller: { user }, apiVersion }) => {
    const replacing = suitesAskedFor(query.ciphersuites, apiVersion)
    if (replacing.length > 0 || body.key_packages.length > 0) {
      await takeIn(needs, { user, client, packages: body.key_packages, replacing })
    }
    return { outcome: 'replaced' }
  }
