/** Nobody's code but ours on one side only: plain nginx as the peer we call, plain `curl` and `openssl` as callers. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { findExecutable } from '#src/world/executables.ts'
import { writeCredential } from '#src/world/credential-files.ts'
import { callPeer } from './calling.ts'
import { jsonAnswer } from './fake-component.ts'
import { type IngressKind, type Net, startNet, type TestBackend } from './net.ts'
import { nginxExecutable, runNginx } from './nginx.ts'

const run = promisify(execFile)
const withoutNginx = nginxExecutable === undefined ? 'nginx is not installed' : false
const curl = await findExecutable('curl')
const withoutCurl = curl === undefined ? 'curl is not installed' : false

const ANSWER = '{"supported":[0,1],"supported_versions":[0,1,2,3]}'

/** A static answer behind mutual TLS, as an operator of nginx would write it by hand. */
const handWritten = ({ directory, port, ca, certificate, key }: Record<string, string | number>): string => `
daemon off;
pid "${directory}/nginx.pid";
error_log "${directory}/error.log" warn;
events {}
http {
  access_log "${directory}/access.log";
  client_body_temp_path "${directory}/client-body";
  proxy_temp_path "${directory}/proxy";
  fastcgi_temp_path "${directory}/fastcgi";
  uwsgi_temp_path "${directory}/uwsgi";
  scgi_temp_path "${directory}/scgi";
  server {
    listen 127.0.0.1:${port} ssl http2;
    ssl_certificate "${certificate}";
    ssl_certificate_key "${key}";
    ssl_client_certificate "${ca}";
    ssl_verify_client on;
    default_type application/json;
    location = /federation/brig/api-version { return 200 '${ANSWER}'; }
    location / { return 404; }
  }
}
`

test('our federator calls a plain nginx with a static answer', { skip: withoutNginx, tags: ['nginx'] }, async () => {
  await using net = await startNet()
  const own = await net.start({ domain: 'own.test' })
  const port = await freePort()
  const directory = await mkdtemp(join(net.directory, 'stock-'))
  const credential = await net.authority.issue({ dnsNames: ['federator.stock.test'] })
  const files = await writeCredential(directory, 'stock', credential)
  const values = {
    directory,
    port,
    ca: join(net.directory, 'ca.pem'),
    certificate: files.certificateFile,
    key: files.keyFile,
  }
  await using _nginx = await runNginx(directory, handWritten(values), { host: '127.0.0.1', port })
  net.publish('stock.test', [{ host: 'federator.stock.test', port }])

  const answers = await Promise.all(Array.from({ length: 20 }, () => callPeer(own, 'stock.test')))
  assert.deepEqual(new Set(answers.map(({ status, text }) => `${status} ${text}`)), new Set([`200 ${ANSWER}`]))
  const missing = await callPeer(own, 'stock.test', { rpc: 'get-users-by-ids' })
  assert.deepEqual(
    [missing.status, missing.json?.label, missing.json?.inner?.code],
    [533, 'federation-remote-error', 404],
  )
})

describe('plain callers at the built-in ingress', () => tryCallers('builtin'))
describe('plain callers at nginx', { skip: withoutNginx, tags: ['nginx'] }, () => tryCallers('nginx'))

function tryCallers(ingress: IngressKind): void {
  const start = async (net: Net) => {
    const own = await net.start({ domain: 'own.test', ingress })
    own.components.answer(() => jsonAnswer({ hello: 'curl' }))
    net.publish('peer.test', [{ host: 'federator.peer.test', port: 1 }])
    const credential = await net.authority.issue({ dnsNames: ['federator.peer.test'] })
    return { own, files: await writeCredential(net.directory, 'peer', credential), ca: join(net.directory, 'ca.pem') }
  }

  for (const version of ['--http2', '--http1.1']) {
    test(`curl ${version} with a good certificate`, { skip: withoutCurl }, async () => {
      await using net = await startNet()
      const { own, files, ca } = await start(net)
      const { host, port } = own.ingress
      const { stdout } = await run(curl ?? 'curl', [
        '--silent',
        '--max-time',
        '10',
        version,
        '--cacert',
        ca,
        '--cert',
        files.certificateFile,
        '--key',
        files.keyFile,
        '--connect-to',
        `${own.infraDomain}:443:${host}:${port}`,
        '--header',
        'Wire-Origin-Domain: peer.test',
        '--data',
        '[]',
        '--write-out',
        ' %{http_version} %{http_code}',
        `https://${own.infraDomain}/federation/brig/api-version`,
      ])
      assert.equal(stdout, `{"hello":"curl"} ${version === '--http2' ? '2' : '1.1'} 200`)
      assert.equal(own.components.contacts.length, 1)
    })
  }

  test('curl without a certificate is told 400', { skip: withoutCurl }, async () => {
    await using net = await startNet()
    const { own, ca } = await start(net)
    const { host, port } = own.ingress
    // The connection ends right after the answer, so curl may miss the end of the text; the status is what counts.
    const { stdout } = await run(curl ?? 'curl', [
      '--silent',
      '--output',
      join(net.directory, 'nothing'),
      '--max-time',
      '10',
      '--http2',
      '--cacert',
      ca,
      '--connect-to',
      `${own.infraDomain}:443:${host}:${port}`,
      '--data',
      '[]',
      '--write-out',
      '%{http_code}',
      `https://${own.infraDomain}/federation/brig/api-version`,
    ]).catch((error: { readonly stdout: string }) => error)
    assert.equal(stdout, '400')
  })

  test('openssl s_client by hand', async () => {
    await using net = await startNet()
    const { own, files, ca } = await start(net)
    const text = await bySClient(own, { files, ca })
    assert.match(text, /^HTTP\/1\.1 200 /m)
    assert.match(text, /\{"hello":"curl"\}/)
  })
}

const bySClient = async (
  { ingress, infraDomain }: TestBackend,
  { files, ca }: { files: { certificateFile: string; keyFile: string }; ca: string },
): Promise<string> => {
  const lines = ['POST /federation/brig/api-version HTTP/1.1', `Host: ${infraDomain}`, 'Wire-Origin-Domain: peer.test']
  const request = [...lines, 'Content-Length: 2', 'Connection: close', '', '[]'].join('\r\n')
  const running = run(
    'openssl',
    [
      's_client',
      '-quiet',
      '-connect',
      `${ingress.host}:${ingress.port}`,
      '-servername',
      infraDomain,
      '-CAfile',
      ca,
      '-cert',
      files.certificateFile,
      '-key',
      files.keyFile,
      '-alpn',
      'http/1.1',
    ],
    { timeout: 10_000 },
  )
  running.child.stdin?.write(request)
  return (await running).stdout
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
