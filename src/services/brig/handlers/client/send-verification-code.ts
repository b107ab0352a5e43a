import type { PublicHandler } from '../handler.ts'

/** No team of ours asks for a second factor, so there is nothing to mail; whether there is an account is not said. */
export const sendVerificationCode: PublicHandler<'send-verification-code'> = async () => ({ outcome: 'accepted' })
