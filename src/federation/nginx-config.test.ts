import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NginxIngress, renderNginxConfig } from './nginx-config.ts'

const INGRESS: NginxIngress = {
  listen: { host: '::', port: 443 },
  infraDomain: 'federator.example.org',
  certificateFile: '/etc/comity/federator.crt',
  privateKeyFile: '/etc/comity/federator.key',
  clientCaFile: '/etc/comity/ca.pem',
  verifyDepth: 2,
  inward: { host: '127.0.0.1', port: 8081 },
  secretIncludeFile: '/var/lib/comity/ingress-secret.nginx.conf',
  directory: '/var/lib/comity/nginx',
}

// That nginx accepts it, and what it then does, is tried in test/hostile and test/federation.
test('the text names what it is given', () => {
  const text = renderNginxConfig(INGRESS)
  assert.match(text, /listen \[::\]:443 ssl http2;/)
  assert.match(text, /server_name federator\.example\.org;/)
  assert.match(text, /ssl_client_certificate "\/etc\/comity\/ca\.pem";/)
  assert.match(text, /ssl_verify_depth 1;/)
  assert.match(text, /include "\/var\/lib\/comity\/ingress-secret\.nginx\.conf";/)
  assert.match(text, /server 127\.0\.0\.1:8081;/)
  assert.match(text, /pid "\/var\/lib\/comity\/nginx\/nginx\.pid";/)
  assert.doesNotMatch(text, /^user /m)
  assert.match(renderNginxConfig({ ...INGRESS, user: 'www-data' }), /^user www-data;$/m)
})

test('it says that it is strict about the purpose of client certificates', () => {
  assert.match(renderNginxConfig(INGRESS), /Client certificates: strict/)
})

test('a value that could end its directive is refused', () => {
  for (const value of ['/tmp/a";', '/tmp/$host', 'a\nb', '/tmp/{x}', 'a\\b']) {
    assert.throws(() => renderNginxConfig({ ...INGRESS, directory: value }), /cannot be written/)
    assert.throws(() => renderNginxConfig({ ...INGRESS, clientCaFile: value }), /cannot be written/)
  }
  assert.throws(() => renderNginxConfig({ ...INGRESS, secretIncludeFile: '/tmp/*.conf' }), /cannot be written/)
})
