/**
 * A complete configuration for nginx as the ingress of a backend, instead of the built-in one: for operators who
 * have nginx at every door anyway. It does the same duties (federation-transport.md §9) and passes the same tests.
 * Written for nginx 1.22 (Debian 12) and later.
 */
import { FEDERATION_REQUEST_BYTES_MAX } from '#src/rpc/limits.ts'

export interface NginxIngress {
  readonly listen: { readonly host: string; readonly port: number }
  readonly infraDomain: string
  readonly certificateFile: string
  readonly privateKeyFile: string
  readonly clientCaFile: string
  /** 1: a leaf signed directly by a trusted authority; each step more allows one intermediate. */
  readonly verifyDepth: number
  /** The federator's inward listener. */
  readonly inward: { readonly host: string; readonly port: number }
  /** Sets the header by which the federator knows its ingress; kept apart because it is secret. */
  readonly secretIncludeFile: string
  /** For pid, log and temporary files; must exist and be writable. */
  readonly directory: string
  /** The unprivileged account of the workers when nginx is started by root. */
  readonly user?: string | undefined
}

export const renderNginxConfig = (ingress: NginxIngress): string => {
  const values = [
    ingress.infraDomain,
    ingress.certificateFile,
    ingress.privateKeyFile,
    ingress.clientCaFile,
    ingress.secretIncludeFile,
    ingress.directory,
  ]
  for (const value of values) assertPlain(value)
  // "include" would take it for a pattern.
  if (/[*?[\]]/.test(ingress.secretIncludeFile))
    throw new Error(`${JSON.stringify(ingress.secretIncludeFile)} cannot be written into an nginx configuration`)
  return `${mainSection(ingress)}\nhttp {\n${[httpSection(ingress), otherHosts(ingress), ownHost(ingress)].join('\n')}}\n`
}

// A value must not be able to end its own directive.
const assertPlain = (value: string): void => {
  if (/["\\$;{}\n\r]/.test(value))
    throw new Error(`${JSON.stringify(value)} cannot be written into an nginx configuration`)
}

const mainSection = ({ directory, user }: NginxIngress): string => `\
# nginx as the federation ingress of Comity. Printed by \`comity ingress nginx\`; print it again instead of editing it.
#
# Client certificates: strict. nginx refuses a certificate whose extended key usage lacks client authentication
# (clientAuth) and cannot be told otherwise. Several public authorities no longer issue that purpose; certificates
# for federation must come from one that does, or from an authority of your own.
daemon off;
${user === undefined ? '' : `user ${user};\n`}worker_processes auto;
pid "${directory}/nginx.pid";
error_log "${directory}/error.log" warn;

events {
    worker_connections 4096;
}
`

const httpSection = ({ directory, inward }: NginxIngress): string => `\
    access_log off;
    server_tokens off;
    client_body_temp_path "${directory}/client-body";
    proxy_temp_path "${directory}/proxy";
    fastcgi_temp_path "${directory}/fastcgi";
    uwsgi_temp_path "${directory}/uwsgi";
    scgi_temp_path "${directory}/scgi";

    # The same limits as the built-in ingress. Peers send one certificate-sized header at most.
    large_client_header_buffers 16 32k;
    client_header_timeout 15s;
    client_body_timeout 60s;
    send_timeout 60s;
    keepalive_timeout 75s;
    # Peers multiplex all their requests over one connection; the default would hang up after 1000.
    keepalive_requests 1000000;
    http2_max_concurrent_streams 100;
    # The federator refuses larger bodies with an answer that peers understand; this only stops what is far larger.
    client_max_body_size ${Math.ceil((FEDERATION_REQUEST_BYTES_MAX * 1.5) / (1024 * 1024))}m;
    reset_timedout_connection on;

    # Headers with an underscore, such as X_SSL_Certificate, may be read as ones with a hyphen further on.
    underscores_in_headers off;
    ignore_invalid_headers on;
    # The path is judged by the federator, as it was sent.
    merge_slashes off;

    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256;
    ssl_prefer_server_ciphers on;
    # A resumed session skips the client certificate (CVE-2025-23419). Also why this has an nginx, or at least a
    # port, of its own: sessions of another virtual host must not be good here.
    ssl_session_tickets off;
    ssl_session_cache off;

    upstream federator_inward {
        server ${hostAndPort(inward)};
        keepalive 64;
        # Shorter than the federator's own, so that a request is never written into a closing connection.
        keepalive_timeout 60s;
    }
`

const hostAndPort = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

const tlsSection = (ingress: NginxIngress): string => `\
        listen ${hostAndPort(ingress.listen)} ssl http2%DEFAULT%;
        ssl_certificate "${ingress.certificateFile}";
        ssl_certificate_key "${ingress.privateKeyFile}";
        ssl_client_certificate "${ingress.clientCaFile}";
        # nginx hands OpenSSL the number of certificates between the leaf and the trusted authority.
        ssl_verify_depth ${ingress.verifyDepth - 1};
        # "optional", so that a missing certificate is answered with status 400 and not with a TLS alert: peers show
        # the status to their users. An invalid one is answered with 400 by nginx itself.
        ssl_verify_client optional;
`

const otherHosts = (ingress: NginxIngress): string => `
    # Everything that does not ask for the infrastructure domain: misdirected (RFC 9110 section 15.5.20).
    server {
${tlsSection(ingress).replace('%DEFAULT%', ' default_server')}        server_name _;
        if ($ssl_client_verify != SUCCESS) {
            return 400;
        }
        return 421;
    }
`

const ownHost = (ingress: NginxIngress): string => `
    server {
${tlsSection(ingress).replace('%DEFAULT%', '')}        server_name ${ingress.infraDomain};
        if ($ssl_client_verify != SUCCESS) {
            return 400;
        }

        # Nothing else of the federator is for peers, not even its status.
        location / {
            return 404;
        }

        # Without this nginx would redirect to the location below.
        location = /federation {
            return 404;
        }

        location /federation/ {
            # Without a path of its own proxy_pass sends the request target exactly as it came, so that dots, double
            # slashes and percent signs reach the federator's checks and not nginx's idea of them.
            proxy_pass http://federator_inward;
            proxy_http_version 1.1;

            # Of the peer's headers only these three travel; the certificate and the address are ours to state.
            proxy_pass_request_headers off;
            proxy_set_header Host federator;
            proxy_set_header Connection "";
            proxy_set_header Wire-Origin-Domain $http_wire_origin_domain;
            proxy_set_header X-Wire-API-Version $http_x_wire_api_version;
            proxy_set_header Wire-Origin-Request-Id $http_wire_origin_request_id;
            proxy_set_header Traceparent $http_traceparent;
            proxy_set_header X-SSL-Certificate $ssl_client_escaped_cert;
            proxy_set_header X-Forwarded-For $remote_addr;
            # How the federator knows that it is us who state them. Only the master process of nginx reads the file.
            include "${ingress.secretIncludeFile}";

            # Bodies pass through in both directions; nothing is written to disk.
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_connect_timeout 5s;
            proxy_read_timeout 60s;
            proxy_send_timeout 60s;
            # An RPC is never sent twice by the transport.
            proxy_next_upstream off;
        }
    }
`
