/**
 * One YAML file configures a backend; this schema is the only reader of it and of the environment. Unknown keys and
 * all problems are reported together at start. The reference in docs/configuration.md is generated from it.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import { z } from 'zod'
import { deepFreeze } from '#src/kit/deep-freeze.ts'
import { Domain } from '#src/contract/ids.ts'
import { ConversationsConfig } from '#src/contract/internal/conversations-config.ts'
import { TracingConfig } from '#src/kit/otlp.ts'
import { NotificationsConfig } from '#src/contract/internal/notifications-config.ts'
import { RemoteConfig, Strategy } from '#src/contract/internal/remotes.ts'

export const ROLES = ['ingress', 'federator', 'brig', 'galley', 'cargohold', 'gundeck', 'courier', 'gateway'] as const
export type Role = (typeof ROLES)[number]

const Port = z.int().min(0).max(65_535)

const Address = z
  .strictObject({
    host: z.string().min(1).max(253).default('127.0.0.1').describe('Address to listen on and to be reached at.'),
    port: Port.default(0).describe('TCP port; 0 lets the system choose, for tests only.'),
  })
  .prefault({})

const address = (what: string) => Address.describe(what)

const Listen = z
  .strictObject({
    gateway: address('The public client API. The only address that apps need.'),
    brig: address('Accounts; for our own parts only.'),
    galley: address('Conversations; for our own parts only.'),
    cargohold: address('Assets; for our own parts only.'),
    gundeck: address('Notifications; for our own parts only.'),
    courier: address('The queue; for our own parts only.'),
    federatorOutward: address('Where our parts hand over requests for other backends.'),
    federatorInward: address('Where the ingress hands over requests of other backends; nothing else may reach it.'),
    ingress: address('Where other backends connect to (the port of the SRV record), unless nginx does it.'),
  })
  .prefault({})

const DnsServer = z.strictObject({
  host: z.union([z.ipv4(), z.ipv6()]).describe('IP address of a resolver.'),
  port: Port.default(53).describe('Its port.'),
})

const File = z.string().min(1).max(4096)

const Tls = z.strictObject({
  certificateFile: File.describe('PEM chain, leaf first; must name the infrastructure domain. Shown to peers we call.'),
  privateKeyFile: File.describe('PEM key of that certificate, readable by this process only.'),
  caFile: File.optional().describe('PEM bundle of the authorities that peers are trusted by.'),
  useSystemCa: z.boolean().default(false).describe('Also trust the authorities of the system.'),
})

const Ingress = z.strictObject({
  certificateFile: File.describe('PEM chain that the ingress shows to peers, leaf first.'),
  privateKeyFile: File.describe('PEM key of that certificate.'),
  clientCaFile: File.describe('PEM bundle of the authorities that peers’ client certificates must come from.'),
  verifyDepth: z
    .int()
    .min(1)
    .max(10)
    .default(1)
    .describe('Longest accepted chain: 1 is a leaf signed directly by a trusted authority.'),
  clientCertificates: z
    .enum(['strict', 'compat'])
    .default('strict')
    .describe(
      'Purposes of client certificates. `compat` also accepts those that are for servers only (serverAuth), which is all that public authorities still issue, if they verify as such; only the built-in ingress can.',
    ),
})

const ADDRESS_CLASSES = ['public', 'private', 'loopback', 'linkLocal', 'carrierGradeNat', 'translated'] as const
const ADDRESS_RANGES_MAX = 100

const AddressRanges = z
  .array(z.union([z.enum(ADDRESS_CLASSES), z.cidrv4(), z.cidrv6()]))
  .min(1)
  .max(ADDRESS_RANGES_MAX)

const PeerAddresses = z
  .strictObject({
    allowed: AddressRanges.default(['public']).describe(
      'Addresses that peers are connected to: `public`, `private` (RFC 1918, fc00::/7), `loopback`, `linkLocal`, `carrierGradeNat`, `translated` (IPv6 for an IPv4 address that is allowed itself: NAT64, 6to4, Teredo, mapped), or networks such as `10.1.0.0/16`.',
    ),
    perRemote: z
      .array(z.strictObject({ domain: Domain, allowed: AddressRanges }))
      .max(1_000)
      .default([])
      .describe('Remotes for which other addresses are allowed instead, for example within a private network.'),
    ports: z
      .array(z.int().min(1).max(65_535))
      .min(1)
      .max(100)
      .optional()
      .describe('Ports that peers are connected to. Default: every port.'),
  })
  .prefault({})

const TIMEOUT_MS_MAX = 60_000
const REMOTES_MAX = 10_000

const Federation = z.strictObject({
  strategy: Strategy.default('allowNone').describe('Whom we federate with: nobody, the listed remotes, or everybody.'),
  remotes: z
    .array(z.strictObject(RemoteConfig.shape))
    .max(REMOTES_MAX)
    .default([])
    .describe('Remotes that are always listed; more can be added while running through the internal API.'),
  dns: z
    .strictObject({
      servers: z
        .array(DnsServer)
        .max(8)
        .optional()
        .describe('Resolvers, asked in order. Default: those of /etc/resolv.conf.'),
      timeoutMs: z.int().positive().max(TIMEOUT_MS_MAX).default(2_000).describe('Time for one try of one resolver.'),
      lookupTimeoutMs: z
        .int()
        .positive()
        .max(TIMEOUT_MS_MAX)
        .default(8_000)
        .describe('Time for one lookup with all its tries of all resolvers.'),
    })
    .prefault({}),
  peerAddresses: PeerAddresses.describe('Where peers may lie, so that a hostile SRV record cannot point inside.'),
  connectTimeoutMs: z
    .int()
    .positive()
    .max(TIMEOUT_MS_MAX)
    .default(5_000)
    .describe('Time to connect to a peer, TLS included, once its addresses are known.'),
  headersTimeoutMs: z
    .int()
    .positive()
    .max(TIMEOUT_MS_MAX)
    .default(30_000)
    .describe('Time until a peer begins to answer.'),
  bodyIdleTimeoutMs: z
    .int()
    .positive()
    .max(TIMEOUT_MS_MAX)
    .default(60_000)
    .describe('Time between two pieces of an answer.'),
  peerRequestsMax: z
    .int()
    .positive()
    .max(100_000)
    .default(1_000)
    .describe('Requests to one peer that wait or are under way; more are refused, so that none takes all there is.'),
  tls: Tls.describe('How we appear to, and verify, the peers we call.'),
  ingressSecretFile: File.optional().describe(
    'Secret by which the federator knows its ingress; made when it is missing. Default: `ingress-secret` in the data directory. On different machines both need a copy of the same file.',
  ),
  ingress: Ingress.describe('How we appear to, and verify, the peers that call us.'),
})

const MEBIBYTE = 1024 * 1024
/** client-assets.md §2: room for the initialisation vector and the padding of an encrypted file. */
const ENCRYPTION_BYTES = 32
const ASSET_BYTES_MAX = 64 * 1024 * MEBIBYTE
const SECONDS_MAX = 3_155_760_000

const DirectoryStore = z.strictObject({
  kind: z.literal('directory'),
  directory: File.optional().describe('Default: `assets` in the data directory. All cargoholds must see the same one.'),
})

const S3Store = z.strictObject({
  kind: z.literal('s3'),
  bucket: z.string().min(3).max(63).describe('Bucket for nothing else; it must exist.'),
  region: z.string().min(1).max(64).default('us-east-1').describe('Region of the bucket.'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .max(2_048)
    .optional()
    .describe('Address of a store that is not Amazon’s.'),
  forcePathStyle: z.boolean().default(false).describe('Name the bucket in the path and not in the host name.'),
  accessKeyId: z.string().min(1).max(256).optional().describe('Default: found as Amazon’s tools find it.'),
  secretAccessKeyFile: File.optional().describe('File with the secret of that key; readable by this process only.'),
  redirect: z
    .boolean()
    .default(false)
    .describe(
      'Send clients to the store for downloads instead of passing the bytes on. The store must be reachable for them, and answer browsers with CORS headers.',
    ),
})

const assetBytes = (mebibytes: number) =>
  z
    .int()
    .positive()
    .max(ASSET_BYTES_MAX)
    .default(mebibytes * MEBIBYTE + ENCRYPTION_BYTES)

const keptFor = (days: number) =>
  z
    .int()
    .positive()
    .max(SECONDS_MAX)
    .default(days * 86_400)

const Assets = z
  .strictObject({
    store: z
      .discriminatedUnion('kind', [DirectoryStore, S3Store])
      .prefault({ kind: 'directory' })
      .describe('Where the bytes of assets are kept: in a directory, or in a store that speaks S3.'),
    maxBytes: assetBytes(25).describe('Largest asset that users without team may upload.'),
    teamMaxBytes: assetBytes(100).describe('Largest asset that members of teams may upload.'),
    remoteMaxBytes: assetBytes(100).describe('Largest asset that is fetched from another backend.'),
    volatileSeconds: keptFor(28).describe('How long an asset is kept that was uploaded as `volatile`.'),
    expiringSeconds: keptFor(365).describe('How long an asset is kept that was uploaded as `expiring`.'),
  })
  .prefault({})

const Development = z
  .strictObject({
    insecureCookies: z.boolean().default(false).describe('Cookies without Secure, for plain HTTP on this machine.'),
    headlessCode: z
      .string()
      .regex(/^\d{6}$/)
      .optional()
      .describe('Accept this e-mail code for every address and send no mail. Never on a reachable backend.'),
    traceHops: z.boolean().default(false).describe('Log one line per part that a request passes.'),
  })
  .prefault({})

export const Config = z.strictObject({
  domain: Domain.describe('The backend domain: names its users (`alice@example.org`) and never changes.'),
  infraDomain: Domain.describe('The infrastructure domain: target of the SRV record, named in the certificates.'),
  dataDirectory: File.describe('Where the embedded database and everything else that must last lives.'),
  database: z
    .strictObject({
      url: z
        .url({ protocol: /^postgres(ql)?$/ })
        .optional()
        .describe('PostgreSQL to use instead of the embedded database; DATABASE_URL in the environment wins.'),
      connectionsMax: z.int().min(2).max(1_000).default(16).describe('Connections to PostgreSQL per process.'),
    })
    .prefault({}),
  listen: Listen,
  federation: Federation.optional().describe('Absent: this backend does not federate.'),
  assets: Assets.describe('Files that users share.'),
  email: z
    .strictObject({
      smtpUrl: z
        .url({ protocol: /^smtps?$/ })
        .describe(
          'SMTP server that takes our mail, with user and password if it wants them; SMTP_URL in the environment wins.',
        ),
      from: z.string().min(3).max(320).describe('Sender of our mail: `Example <no-reply@example.org>`.'),
    })
    .optional()
    .describe('Absent: no address can be shown to be anybody’s, so nobody can register.'),
  accounts: z
    .strictObject({
      registration: z
        .enum(['open', 'invited'])
        .default('open')
        .describe('Who may open an account: everybody, or only who was invited to a team.'),
      guests: z.boolean().default(true).describe('Whether there may be accounts without e-mail address.'),
    })
    .prefault({}),
  gateway: z
    .strictObject({
      trustedProxies: z
        .array(z.union([z.cidrv4(), z.cidrv6()]))
        .max(100)
        .default([])
        .describe('Networks of proxies in front of us; only their X-Forwarded-For is believed about who is calling.'),
      allowedOrigins: z
        .array(z.url().max(2_048))
        .max(100)
        .default([])
        .describe('Origins of web apps that browsers may call us from.'),
    })
    .prefault({}),
  conversations: ConversationsConfig.describe('What conversations of this backend may be like.'),
  notifications: NotificationsConfig.describe('How devices hear of what happens.'),
  development: Development.describe('Switches that make a backend easier to try and unfit for strangers.'),
  tracing: TracingConfig.describe('Where the time of requests goes, for OpenTelemetry. Off without a collector.'),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
        .default('info')
        .describe('Least severe level that is written.'),
    })
    .prefault({}),
})
export type Config = z.infer<typeof Config>
export type AssetsConfig = Config['assets']
export type FederationConfig = NonNullable<Config['federation']>

/** The file cannot be used; the message lists every problem, one per line. */
export class ConfigError extends Error {
  constructor(file: string, problems: readonly string[]) {
    super(`${file} cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
  }
}

/** Reads the file and the environment into one frozen value; relative paths are relative to the file. */
export const loadConfig = async (file: string, environment = process.env): Promise<Config> => {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ConfigError(file, [`it cannot be read (${cause instanceof Error ? cause.message : String(cause)})`])
  })
  const config = parseConfig(file, text)
  refuseInProduction(file, config, environment)
  const url = environment['DATABASE_URL']
  const database = url === undefined || url === '' ? config.database : { ...config.database, url }
  const smtpUrl = environment['SMTP_URL']
  const email = config.email && { ...config.email, ...(smtpUrl !== undefined && smtpUrl !== '' && { smtpUrl }) }
  const read = { ...config, database, ...(email && { email }) }
  return deepFreeze(resolvePaths(read, path.dirname(path.resolve(file))))
}

/** What makes a backend unfit for strangers cannot be left on by mistake where the environment says that it is for them. */
const refuseInProduction = (file: string, { development }: Config, environment: NodeJS.ProcessEnv): void => {
  if (environment['NODE_ENV'] !== 'production') return
  const { headlessCode, insecureCookies } = development
  const problems = [
    ...(headlessCode === undefined ? [] : ['development.headlessCode: not with NODE_ENV=production; configure email']),
    ...(insecureCookies ? ['development.insecureCookies: not with NODE_ENV=production; serve HTTPS'] : []),
  ]
  if (problems.length > 0) throw new ConfigError(file, problems)
}

export const parseConfig = (file: string, text: string): Config => {
  const parsed = Config.safeParse(parseYaml(file, text))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(the whole file)'}: ${issue.message}`)
  throw new ConfigError(file, problems)
}

const parseYaml = (file: string, text: string): unknown => {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof YAMLParseError) throw new ConfigError(file, [error.message])
    throw error
  }
}

const resolvePaths = (config: Config, base: string): Config => {
  const absolute = (file: string): string => path.resolve(base, file)
  const { federation } = config
  return {
    ...config,
    dataDirectory: absolute(config.dataDirectory),
    assets: { ...config.assets, store: resolveStore(config.assets.store, absolute) },
    notifications: resolveGateway(config.notifications, absolute),
    ...(federation && {
      federation: {
        ...federation,
        ...(federation.ingressSecretFile !== undefined && {
          ingressSecretFile: absolute(federation.ingressSecretFile),
        }),
        tls: {
          ...federation.tls,
          certificateFile: absolute(federation.tls.certificateFile),
          privateKeyFile: absolute(federation.tls.privateKeyFile),
          ...(federation.tls.caFile !== undefined && { caFile: absolute(federation.tls.caFile) }),
        },
        ingress: {
          ...federation.ingress,
          certificateFile: absolute(federation.ingress.certificateFile),
          privateKeyFile: absolute(federation.ingress.privateKeyFile),
          clientCaFile: absolute(federation.ingress.clientCaFile),
        },
      },
    }),
  }
}

const resolveStore = (store: AssetsConfig['store'], absolute: (file: string) => string): AssetsConfig['store'] => {
  if (store.kind === 'directory') {
    return { ...store, ...(store.directory !== undefined && { directory: absolute(store.directory) }) }
  }
  const { secretAccessKeyFile: file } = store
  return { ...store, ...(file !== undefined && { secretAccessKeyFile: absolute(file) }) }
}

const resolveGateway = (
  { nativePush }: NotificationsConfig,
  absolute: (file: string) => string,
): NotificationsConfig => {
  const { secretFile: file } = nativePush ?? {}
  if (nativePush === undefined || file === undefined) return { nativePush }
  return { nativePush: { ...nativePush, secretFile: absolute(file) } }
}
