import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '#src/config.ts'
import { backendConfig, yaml } from './backend-config.ts'
import { worldLayout } from './layout.ts'
import { choosePorts } from './ports.ts'

const setup = async (databaseUrl?: string) => {
  const layout = worldLayout('var/somewhere')
  const { backends, dns } = await choosePorts(['a.test', 'b.test'])
  const ports = backends['a.test']
  assert.ok(ports)
  return {
    backend: layout.backend('a.test'),
    ports,
    remotes: ['b.test'],
    dns: { host: '127.0.0.1', port: dns },
    authorityFile: layout.authorityFile,
    databaseUrl,
  }
}

test('what a world writes is a configuration that a backend accepts', async () => {
  const written = await setup()
  const config = parseConfig('comity.yaml', yaml(backendConfig(written)))

  assert.equal(config.domain, 'a.test')
  assert.equal(config.listen.ingress.port, written.ports.ingress)
  assert.equal(config.database.url, undefined)
  assert.deepEqual(
    config.federation?.remotes.map((remote) => remote.domain),
    ['b.test'],
  )
})

test('a database server is passed on when there is one', async () => {
  const config = parseConfig('comity.yaml', yaml(backendConfig(await setup('postgres://u:p@127.0.0.1:5432/a'))))
  assert.equal(config.database.url, 'postgres://u:p@127.0.0.1:5432/a')
})
