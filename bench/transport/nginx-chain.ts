/**
 * The C baseline: with the responder four nginx, as many as there are hops between two components. Mutual TLS between
 * the one that plays the outward federator and the one that plays the ingress, which passes the client's certificate
 * on in a header; connections kept everywhere. It decides nothing: no policy, no discovery, no names compared.
 */
import type { CredentialFiles } from '#src/world/credential-files.ts'
import type { Chain } from './chain.ts'
import type { Ground } from './ground.ts'
import { startNginx, upstream } from './nginx-server.ts'
import type { Responder } from './responder.ts'

export const NGINX_SITE = 'nginx.test'
const INGRESS_HOST = 'ingress.nginx.test'

export const startNginxChain = async (ground: Ground, responder: Responder): Promise<Chain> => {
  const ports = ground.portsOf(NGINX_SITE)
  const ca = ground.layout.authorityFile
  const ours = await ground.certify(await ground.directoryOf('nginx-outward'), `federator.${NGINX_SITE}`)
  const theirs = await ground.certify(await ground.directoryOf('nginx-ingress'), INGRESS_HOST)
  const inward = await startNginx(ground, 'inward', inwardSection(ports.federatorInward, responder.port))
  const way = { from: ports.ingress, to: ports.federatorInward, files: theirs, ca }
  const ingress = await startNginx(ground, 'ingress', ingressSection(way))
  const outward = await startNginx(
    ground,
    'outward',
    outwardSection({ from: ports.federatorOutward, to: ports.ingress, files: ours, ca }),
  )
  return {
    name: 'nginx',
    port: ports.federatorOutward,
    origin: NGINX_SITE,
    domain: NGINX_SITE,
    hops: [
      { name: 'outward', pid: outward.pid },
      { name: 'ingress', pid: ingress.pid },
      { name: 'inward', pid: inward.pid },
    ],
    tlsPort: ports.ingress,
  }
}

interface Way {
  readonly from: number
  readonly to: number
  readonly files: CredentialFiles
  readonly ca: string
}

const outwardSection = ({ from, to, files, ca }: Way): string => `
  ${upstream('peer', to)}
  server {
    listen 127.0.0.1:${from} backlog=4096;
    location /rpc/${NGINX_SITE}/ {
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_ssl_certificate "${files.certificateFile}";
      proxy_ssl_certificate_key "${files.keyFile}";
      proxy_ssl_trusted_certificate "${ca}";
      proxy_ssl_verify on;
      proxy_ssl_server_name on;
      proxy_ssl_name ${INGRESS_HOST};
      proxy_ssl_protocols TLSv1.2 TLSv1.3;
      proxy_pass https://peer/federation/;
    }
  }`

const ingressSection = ({ from, to, files, ca }: Way): string => `
  ${upstream('inward', to)}
  server {
    listen 127.0.0.1:${from} ssl http2 backlog=4096;
    ssl_certificate "${files.certificateFile}";
    ssl_certificate_key "${files.keyFile}";
    ssl_client_certificate "${ca}";
    ssl_verify_client on;
    ssl_protocols TLSv1.2 TLSv1.3;
    location /federation/ {
      proxy_set_header Connection "";
      proxy_set_header X-SSL-Certificate $ssl_client_escaped_cert;
      proxy_request_buffering off;
      proxy_pass http://inward;
    }
  }`

const inwardSection = (from: number, to: number): string => `
  ${upstream('component', to)}
  server {
    listen 127.0.0.1:${from} backlog=4096;
    ${['brig', 'galley', 'cargohold'].map(componentSection).join('')}
  }`

const componentSection = (component: string): string => `
    location /federation/${component}/ {
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_pass http://component/federation/;
    }`
