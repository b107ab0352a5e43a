/** The resolvers that the system is configured with. */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { DNS_SERVERS_MAX } from '../limits.ts'
import type { DnsServerAddress } from './exchange.ts'

const DNS_PORT = 53

export const systemResolvers = async (file = '/etc/resolv.conf'): Promise<readonly DnsServerAddress[]> => {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`reading the resolvers from ${file}; name some in the configuration instead`, { cause })
  })
  const servers = parseResolvConf(text)
  if (servers.length === 0) throw new Error(`${file} names no resolver; name some in the configuration instead`)
  return servers
}

/** resolv.conf(5): `nameserver ADDRESS`; everything else there is about short names, which we never look up. */
export const parseResolvConf = (text: string): readonly DnsServerAddress[] =>
  text
    .split('\n')
    .flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? [])
    .filter((address) => isIP(address.replace(/%.*$/, '')) !== 0)
    .slice(0, DNS_SERVERS_MAX)
    .map((host) => ({ host, port: DNS_PORT }))
