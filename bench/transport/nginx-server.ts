/** nginx as one link of a chain, or at its end: one worker, kept connections, nothing written to disk. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { diesWithParent } from '#src/world/executables.ts'
import type { ManagedProcess } from '#src/world/managed-process.ts'
import { requireNginx } from '#src/world/nginx.ts'
import type { Ground } from './ground.ts'

export const startNginx = async (ground: Ground, name: string, http: string): Promise<ManagedProcess> => {
  const directory = join(await ground.directoryOf('nginx'), name)
  await mkdir(directory)
  const configFile = join(directory, 'nginx.conf')
  await writeFile(configFile, configOf(directory, http))
  return ground.start({
    name: `nginx ${name}`,
    ...(await diesWithParent({
      command: await requireNginx(),
      args: ['-c', configFile, '-p', directory, '-e', join(directory, 'error.log')],
    })),
    logFile: join(directory, 'output.log'),
    isReady: async () => (await readFile(join(directory, 'nginx.pid'), 'utf8').catch(() => '')) !== '',
  })
}

/** Kept as long as the run takes, and as many as there can be requests in flight. */
export const upstream = (name: string, port: number): string => `
  upstream ${name} {
    server 127.0.0.1:${port};
    keepalive 1024;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
  }`

const configOf = (directory: string, http: string): string => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid "${directory}/nginx.pid";
error_log "${directory}/error.log" warn;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path "${directory}/client-body";
  proxy_temp_path "${directory}/proxy";
  fastcgi_temp_path "${directory}/fastcgi";
  uwsgi_temp_path "${directory}/uwsgi";
  scgi_temp_path "${directory}/scgi";
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_max_body_size 0;
  client_body_buffer_size 64k;
  large_client_header_buffers 8 32k;
  http2_max_concurrent_streams 1024;
  proxy_http_version 1.1;
  proxy_buffer_size 16k;
  proxy_buffers 16 16k;
  proxy_busy_buffers_size 64k;
  proxy_max_temp_file_size 0;
${http}
}
`
