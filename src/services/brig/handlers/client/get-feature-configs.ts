import { FEATURE_CONFIGS } from '../../feature-configs.ts'
import type { ClientHandler } from '../handler.ts'

export const getFeatureConfigs: ClientHandler<'get-feature-configs'> = async () => ({
  outcome: 'found',
  body: { ...FEATURE_CONFIGS },
})
