/** The address that a request came from, for the log of whoever has to look into it (federation-transport.md §3). */
import { isIP } from 'node:net'

/** The left-most element that is an address; an ingress of ours replaces the whole list by one. */
export const originAddress = (forwardedFor: string | undefined): string | undefined => {
  if (forwardedFor === undefined) return undefined
  for (const element of forwardedFor.split(',')) {
    const address = bareAddress(element.trim())
    if (isIP(address) !== 0) return address
  }
  return undefined
}

/** Without brackets and port. A bare IPv6 address has several colons, and none of them begins a port. */
const bareAddress = (element: string): string => {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(element)
  if (bracketed?.[1] !== undefined) return bracketed[1]
  const withPort = /^([^:]+):\d+$/.exec(element)
  return withPort?.[1] ?? element
}
