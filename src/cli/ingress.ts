/** `comity ingress nginx`: the configuration of an nginx that takes the built-in ingress's place. */
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type Config, loadConfig } from '#src/config.ts'
import { defaultIngressSecretFile, ensureIngressSecret, writeNginxInclude } from '#src/federation/ingress-secret.ts'
import { renderNginxConfig } from '#src/federation/nginx-config.ts'
import { systemRandom } from '#src/kit/random.ts'

const HELP = `Print a complete nginx configuration that replaces the built-in ingress.

Usage: comity ingress nginx --config FILE [--directory DIR]

Options:
  --config FILE     the backend's configuration; certificates, authorities and ports are taken from it
  --user NAME       the unprivileged account of the workers, when nginx is started by root
  --directory DIR   where nginx may keep its pid file, logs and temporary files (default: <dataDirectory>/nginx)
  --help            this text

The secret by which the federator knows its ingress is not printed. It is written to a file beside it, readable only by
the owner of the data directory and by root; nginx, started by one of them, includes that file.

Example:
  comity ingress nginx --config /etc/comity.yaml > comity-nginx.conf && nginx -c "$PWD/comity-nginx.conf"

Run the backend without its own ingress then: comity serve --role federator,brig,galley,cargohold,gundeck,courier,gateway
`

export const ingress = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string' },
      directory: { type: 'string' },
      user: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  if (positionals[0] !== 'nginx' || values.config === undefined) {
    process.stderr.write(HELP)
    return 2
  }
  const config = await loadConfig(values.config)
  process.stdout.write(await nginxConfigOf(config, values))
  return 0
}

/** The nginx configuration that belongs to a backend's own. */
export const nginxConfigOf = async (
  config: Config,
  { directory, user }: { readonly directory?: string | undefined; readonly user?: string | undefined },
): Promise<string> => {
  if (!config.federation) throw new Error('this backend does not federate: its configuration has no federation section')
  if (config.federation.ingress.clientCertificates === 'compat')
    process.stderr.write(
      'comity: nginx cannot do clientCertificates: compat; it will refuse certificates for servers only\n',
    )
  const secretFile = config.federation.ingressSecretFile ?? defaultIngressSecretFile(config.dataDirectory)
  return renderNginxConfig({
    ...config.federation.ingress,
    listen: config.listen.ingress,
    infraDomain: config.infraDomain,
    inward: config.listen.federatorInward,
    secretIncludeFile: await writeNginxInclude(secretFile, await ensureIngressSecret(secretFile, systemRandom)),
    directory: directory ?? path.join(config.dataDirectory, 'nginx'),
    user,
  })
}
