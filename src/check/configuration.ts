/** Whether this backend is set up to federate at all. */
import type { OwnTls } from './own-tls.ts'
import { checkFiles } from './own-tls.ts'
import type { CheckNeeds, FederationNeeds } from './needs.ts'
import { failed, type Found, ok } from './step.ts'

export const checkConfiguration = (needs: CheckNeeds): Found<FederationNeeds> => {
  const { config, configFile } = needs
  const { federation, domain, infraDomain } = config
  if (!federation) {
    const finding = failed(`${configFile} has no section federation`, {
      why: 'this backend does not federate: it neither calls others nor listens for them',
      change: `${configFile}: federation: (comity config reference explains its keys)`,
    })
    return { finding }
  }
  return {
    finding: ok(`${configFile}: ${domain}, reached at ${infraDomain}`),
    value: { ...needs, federation },
  }
}

/** How we appear to, and verify, the peers we call. */
export const checkClientFiles = async ({ federation, configFile }: FederationNeeds): Promise<Found<OwnTls>> => {
  const found = await checkFiles({ key: 'federation.tls', files: federation.tls, configFile })
  if (!found.value || found.value.material.anchors.length > 0) return found
  const finding = failed('no authority is trusted', {
    why: 'every peer is refused',
    change: `${configFile}: federation.tls.caFile: a bundle of authorities, or federation.tls.useSystemCa: true`,
  })
  return { finding, value: found.value }
}

/** How we appear to, and verify, the peers that call us. */
export const checkIngressFiles = ({ federation, configFile }: FederationNeeds): Promise<Found<OwnTls>> => {
  const { certificateFile, privateKeyFile, clientCaFile: caFile } = federation.ingress
  const files = { certificateFile, privateKeyFile, caFile }
  return checkFiles({ key: 'federation.ingress', files, configFile })
}
