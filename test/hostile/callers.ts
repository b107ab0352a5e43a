/** Everybody who may turn up at an ingress: the one we know, and those who would like to pass for it. */
import { systemClock } from '#src/kit/clock.ts'
import { type Authority, type Credential, createAuthority, selfSigned } from '#src/world/authority.ts'

export const PEER = 'peer.test'
export const PEER_HOST = 'federator.peer.test'
export const SECOND_HOST = 'second.peer.test'

const DAY_MS = 86_400_000

export const issueCallers = async (authority: Authority) => {
  const impostor = await createAuthority(authority.name, systemClock)
  const intermediate = await authority.intermediate('Intermediate')
  const now = Date.now()
  const past = { notBefore: new Date(now - 2 * DAY_MS), notAfter: new Date(now - DAY_MS) }
  const future = { notBefore: new Date(now + DAY_MS), notAfter: new Date(now + 2 * DAY_MS) }
  const named = { dnsNames: [PEER_HOST] }
  return {
    good: await authority.issue(named),
    clientPurposeOnly: await authority.issue({ ...named, purposes: ['clientAuth'] }),
    anyPurpose: await authority.issue({ ...named, purposes: 'any' }),
    rsa: await authority.issue({ ...named, keyType: 'rsa' }),
    severalNames: await authority.issue({ dnsNames: ['other.test', PEER_HOST, 'more.test'] }),
    secondTarget: await authority.issue({ dnsNames: [SECOND_HOST] }),
    wildcard: await authority.issue({ dnsNames: ['*.peer.test'] }),
    upperCase: await authority.issue({ dnsNames: [PEER_HOST.toUpperCase()] }),
    otherHost: await authority.issue({ dnsNames: ['federator.mallory.test'] }),
    domainOnly: await authority.issue({ dnsNames: [PEER] }),
    commonNameOnly: await authority.issue({ commonName: PEER_HOST }),
    commonNameBesideOther: await authority.issue({ commonName: PEER_HOST, dnsNames: ['federator.mallory.test'] }),
    emailName: await authority.issue({ otherNames: [{ type: 'email', value: `x@${PEER_HOST}` }] }),
    urlName: await authority.issue({ otherNames: [{ type: 'url', value: `https://${PEER_HOST}` }] }),
    wideWildcard: await authority.issue({ dnsNames: ['*.test'] }),
    partialWildcard: await authority.issue({ dnsNames: ['feder*.peer.test'] }),
    loneWildcard: await authority.issue({ dnsNames: ['*'] }),
    deeperName: await authority.issue({ dnsNames: [`deeper.${PEER_HOST}`] }),
    trailingDot: await authority.issue({ dnsNames: [`${PEER_HOST}.`] }),
    expired: await authority.issue({ ...named, ...past }),
    notYetValid: await authority.issue({ ...named, ...future }),
    serverPurposeOnly: await authority.issue({ ...named, purposes: ['serverAuth'] }),
    viaIntermediate: await intermediate.issue(named),
    otherAuthority: await (await createAuthority('Other Authority', systemClock)).issue(named),
    impostorAuthority: await impostor.issue(named),
    impostorServerPurpose: await impostor.issue({ ...named, purposes: ['serverAuth'] }),
    selfSigned: await selfSigned(named, systemClock),
    selfSignedServerPurpose: await selfSigned({ ...named, purposes: ['serverAuth'] }, systemClock),
  } satisfies Record<string, Credential>
}

export type Callers = Awaited<ReturnType<typeof issueCallers>>
