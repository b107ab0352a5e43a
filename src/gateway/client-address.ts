/**
 * Who is calling, when proxies stand in front of us. Each proxy adds to `X-Forwarded-For` whom it was called by, so the
 * list is read from its end, and only as far as those who wrote it are trusted: what a stranger wrote himself stands
 * further to the front and is never reached.
 */
import { BlockList, isIP } from 'node:net'

export type ClientAddress = (remote: string | undefined, forwardedFor: string | undefined) => string

export const clientAddress = (trustedProxies: readonly string[]): ClientAddress => {
  const trusted = new BlockList()
  for (const network of trustedProxies) {
    const [address = '', prefix = ''] = network.split('/')
    trusted.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  const isTrusted = (address: string): boolean =>
    trustedProxies.length > 0 && isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  return (remote, forwardedFor) => {
    let address = plain(remote ?? '')
    const earlier = forwardedFor?.split(',').slice(-HOPS_MAX) ?? []
    while (isTrusted(address)) {
      const before = plain(earlier.pop()?.trim() ?? '')
      // A proxy that did not say is the last that is known.
      if (isIP(before) === 0) break
      address = before
    }
    return address
  }
}

/** More proxies than this are not in front of anybody. */
const HOPS_MAX = 10

/** An IPv4 caller on a socket for both families is that IPv4 address (RFC 4291 §2.5.5.2). */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')
