/** What a world tells programs about itself once it is up. */
import type { Backend } from './backend.ts'
import type { Network } from './network.ts'
import { LOOPBACK } from './ports.ts'
import type { Seeded } from './seed.ts'

/** The content of `--ready-file`; its form is a promise to whoever drives a world from outside. */
export function readyFile(network: Network, { people }: Pick<Seeded, 'people'>): object {
  return {
    backends: network.backends.map((backend) => ({
      ...describe(backend),
      users: people
        .filter(({ user }) => user.domain === backend.domain)
        .map(({ account, user }) => ({
          email: account.email,
          handle: account.handle,
          password: account.password,
          id: user.id,
        })),
    })),
    dns: { host: network.dns.host, port: network.dns.port },
    ca: network.layout.authorityFile,
  }
}

function describe({ domain, layout, ports, clientApi, processes }: Backend) {
  return {
    domain,
    infraDomain: layout.infraDomain,
    clientApi,
    internalApi: {
      brig: url(ports.brig),
      galley: url(ports.galley),
      cargohold: url(ports.cargohold),
      gundeck: url(ports.gundeck),
    },
    federator: { outward: url(ports.federatorOutward), inward: url(ports.federatorInward) },
    ingress: { host: LOOPBACK, port: ports.ingress },
    pid: processes.find((process) => !process.hasEnded)?.pid ?? 0,
    certificate: layout.certificateFile,
    key: layout.keyFile,
  }
}

const url = (port: number): string => `http://${LOOPBACK}:${port}`
