import type { PublicHandler } from '../handler.ts'

export const getSsoSettings: PublicHandler<'get-sso-settings'> = async () => ({
  outcome: 'found',
  body: { default_sso_code: null },
})
