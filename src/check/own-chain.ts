/**
 * Where the chain of one of our own certificates leads. Which authorities others trust is for them to know; what can be
 * seen from here is whether a chain ends at one that is known here, and how long it is.
 */
import { X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { issuerOf, judgeChain, nameOf } from './certificate.ts'
import { type Chain, pathOf } from './chain.ts'
import { type Finding, ok, warning } from './step.ts'

export interface OwnChainContext {
  /** The authorities of our own configuration, for both directions. */
  readonly configured: readonly X509Certificate[]
  /** The key of the file, in the configuration. */
  readonly key: string
  /** Peers bound the length of client certificates' chains, and not of servers'. */
  readonly isForClient: boolean
}

export const judgeOwnChain = (chain: Chain, { configured, key, isForClient }: OwnChainContext): Finding => {
  const { end, path } = pathOf(chain, configured)
  const intermediates = path.slice(1, -1).map(nameOf)
  if (end === 'trusted' && isForClient && intermediates.length > 0) return tooLongForSome(intermediates, key)
  const places = { anchorsAt: 'federation.tls.caFile, federation.ingress.clientCaFile', mender: key }
  const found = judgeChain(chain, { ...places, anchors: configured })
  if (end === 'trusted') return found
  const wellKnown = pathOf(chain, wellKnownAuthorities())
  if (wellKnown.end === 'trusted') {
    const root = wellKnown.path.at(-1)
    return ok(`it comes from ${root ? nameOf(root) : 'an authority'}, which is well known`)
  }
  const last = path.at(-1) ?? chain.leaf
  return warning(`it leads to ${issuerOf(last)}, which nobody here knows`, {
    ...(found.details && { details: found.details }),
    why: 'only backends that trust this authority accept the certificate; if an intermediate is missing, nobody does',
    change: `${key}: the chain with all intermediates, leaf first; and tell the operators of peers which authority to trust`,
  })
}

const tooLongForSome = (intermediates: readonly string[], key: string): Finding =>
  warning(`there is ${intermediates.join(', ')} between it and its authority`, {
    why: 'an ingress accepts only certificates that were signed by a trusted authority itself, unless its depth is raised',
    change: `tell the operators of peers: verification depth ${intermediates.length + 1}, or to trust the intermediate; or ${key}: a certificate of the authority itself`,
  })

/** What comes with the runtime and what the system has, because we cannot know which of them a peer uses. */
const wellKnownAuthorities = (): readonly X509Certificate[] =>
  [...new Set([...getCACertificates('bundled'), ...getCACertificates('system')])].map((pem) => new X509Certificate(pem))
