/** The other C baseline: two haproxy with HTTP/2 between them, which nginx cannot speak to an upstream. One hop less. */
import { readFile, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import type { CredentialFiles } from '#src/world/credential-files.ts'
import { diesWithParent } from '#src/world/executables.ts'
import type { Chain } from './chain.ts'
import type { Ground } from './ground.ts'
import type { Responder } from './responder.ts'

export const HAPROXY_SITE = 'haproxy.test'
const INGRESS_HOST = 'ingress.haproxy.test'

export const startHaproxyChain = async (ground: Ground, responder: Responder, command: string): Promise<Chain> => {
  const ports = ground.portsOf(HAPROXY_SITE)
  const ca = ground.layout.authorityFile
  const start = async (name: string, port: number, config: (pem: string) => string): Promise<number> => {
    const directory = await ground.directoryOf(`haproxy-${name}`)
    const host = name === 'ingress' ? INGRESS_HOST : `federator.${HAPROXY_SITE}`
    const pem = await onePem(directory, await ground.certify(directory, host))
    const configFile = join(directory, 'haproxy.cfg')
    await writeFile(configFile, `${COMMON}${config(pem)}`)
    const { pid } = await ground.start({
      name: `haproxy ${name}`,
      ...(await diesWithParent({ command, args: ['-db', '-q', '-f', configFile] })),
      logFile: join(directory, 'output.log'),
      isReady: () => isListening(port),
    })
    return pid
  }
  const ingress = await start('ingress', ports.ingress, (pem) =>
    ingressSection({ from: ports.ingress, to: responder.port, pem, ca }),
  )
  const outward = await start('outward', ports.federatorOutward, (pem) =>
    outwardSection({ from: ports.federatorOutward, to: ports.ingress, pem, ca }),
  )
  return {
    name: 'haproxy',
    port: ports.federatorOutward,
    origin: HAPROXY_SITE,
    domain: HAPROXY_SITE,
    hops: [
      { name: 'outward', pid: outward },
      { name: 'ingress and inward', pid: ingress },
    ],
    tlsPort: ports.ingress,
  }
}

/** haproxy reads certificate and key from one file. */
const onePem = async (directory: string, { certificateFile, keyFile }: CredentialFiles): Promise<string> => {
  const file = join(directory, 'both.pem')
  await writeFile(file, `${await readFile(certificateFile, 'utf8')}\n${await readFile(keyFile, 'utf8')}`, {
    mode: 0o600,
  })
  return file
}

const isListening = async (port: number): Promise<boolean> => {
  const socket = createConnection(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    // Not yet.
    return false
  } finally {
    socket.destroy()
  }
}

const COMMON = `
global
  nbthread 1
  maxconn 8192
  tune.maxrewrite 8192
  tune.bufsize 32768
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  http-reuse always
`

interface Way {
  readonly from: number
  readonly to: number
  readonly pem: string
  readonly ca: string
}

const outwardSection = ({ from, to, pem, ca }: Way): string => `
frontend components
  bind 127.0.0.1:${from}
  http-request replace-path /rpc/${HAPROXY_SITE}(/.*) /federation\\1
  default_backend peer
backend peer
  server peer 127.0.0.1:${to} ssl crt ${pem} ca-file ${ca} verify required verifyhost ${INGRESS_HOST} sni str(${INGRESS_HOST}) alpn h2 pool-max-conn 2048
`

const ingressSection = ({ from, to, pem, ca }: Way): string => `
frontend peers
  bind 127.0.0.1:${from} ssl crt ${pem} ca-file ${ca} verify required alpn h2,http/1.1
  http-request set-header X-SSL-Certificate %[ssl_c_der,base64]
  http-request replace-path /federation/[^/]+(/.*) /federation\\1
  default_backend component
backend component
  server component 127.0.0.1:${to} pool-max-conn 2048
`
