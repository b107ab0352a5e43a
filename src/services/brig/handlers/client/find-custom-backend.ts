import type { PublicHandler } from '../handler.ts'

export const findCustomBackend: PublicHandler<'find-custom-backend'> = async () => ({ outcome: 'none' })
