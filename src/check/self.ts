/**
 * What a peer sees of us. First what we say (DNS, certificates), then what is really there: our ingress, reached as a
 * peer reaches it, by the addresses in DNS.
 */
import type { Domain } from '#src/contract/ids.ts'
import { checkClientFiles, checkConfiguration, checkIngressFiles } from './configuration.ts'
import { checkDoors, DOOR_STEPS } from './doors.ts'
import type { CheckNeeds, FederationNeeds } from './needs.ts'
import { certificateSteps, checkOwnCertificate } from './own-certificate.ts'
import type { OwnTls } from './own-tls.ts'
import { type Policy, readPolicy } from './policy.ts'
import { checkSrv, type Located, srvLine } from './srv.ts'
import { failed, type Finding, type Found, notTried, ok, type Step, take, warning } from './step.ts'

const FILE_STEPS = ['ingress files', 'client files']
const CERTIFICATE_STEPS = [...certificateSteps('ingress'), ...certificateSteps('client')]

export async function* checkSelf(needs: CheckNeeds): AsyncGenerator<Step> {
  const { clock } = needs
  const federating = yield* take({ name: 'configuration', clock }, () => checkConfiguration(needs))
  if (!federating) return yield* notTried(['policy', 'srv', ...FILE_STEPS, ...CERTIFICATE_STEPS, ...DOOR_STEPS])
  yield* take({ name: 'policy', clock }, async () => ({ finding: judgeOwnPolicy(await readPolicy(federating), needs) }))
  const located = yield* take({ name: 'srv', clock }, () => checkOwnSrv(federating))
  const ingress = yield* checkCertificates(federating, hostsOf(located, federating))
  yield* checkDoors(federating, { located, ingress })
}

export const judgeOwnPolicy = ({ known, source }: Policy, { configFile }: Pick<CheckNeeds, 'configFile'>): Finding => {
  const { strategy, remotes } = known
  const details = [`read from ${source}`]
  const data = { strategy, remotes: remotes.length }
  const isNobody = strategy === 'allowNone' || (strategy === 'allowDynamic' && remotes.length === 0)
  if (!isNobody) return ok(`${strategy}, ${remotes.length} remotes are listed`, { details, data })
  return warning(`${strategy}${strategy === 'allowNone' ? '' : ', and no remote is listed'}`, {
    details,
    data,
    why: 'every other backend is refused (federation-denied)',
    change: `${configFile}: federation.strategy: allowDynamic, and federation.remotes: add { domain: DOMAIN, search_policy: exact_handle_search }`,
  })
}

const HTTPS_PORT = 443

const checkOwnSrv = async (needs: FederationNeeds): Promise<Found<Located>> => {
  const { domain, infraDomain, listen } = needs.config
  const who = `whoever runs the zone of ${domain}`
  const plan = { domain, host: infraDomain, port: listen.ingress.port || HTTPS_PORT, who }
  const found = await checkSrv(needs, plan)
  const strange = found.value ? strangeTargets(found.value, infraDomain) : []
  if (strange.length === 0) return found
  const finding = failed(`${found.finding.fact}, but our ingress serves ${infraDomain} only`, {
    ...(found.finding.details && { details: found.finding.details }),
    why: `requests for ${strange.join(', ')} are answered 421 (misdirected)`,
    change: `${who}: ${srvLine(plan)} and no other target; or ${needs.configFile}: infraDomain: ${strange[0]}`,
  })
  return { ...found, finding }
}

const strangeTargets = ({ targets }: Located, infraDomain: Domain): readonly string[] =>
  targets.flatMap(({ host }) => (host === infraDomain ? [] : [host]))

/** Without a record of ours the host that should be in it. */
const hostsOf = (located: Located | undefined, { config }: FederationNeeds): readonly string[] =>
  located ? [...new Set(located.targets.map(({ host }) => host))] : [config.infraDomain]

/** Returns what the ingress should show, if the files can be used. */
async function* checkCertificates(
  needs: FederationNeeds,
  hosts: readonly string[],
): AsyncGenerator<Step, OwnTls | undefined> {
  const { clock, configFile } = needs
  const ingress = yield* take({ name: 'ingress files', clock }, () => checkIngressFiles(needs))
  const client = yield* take({ name: 'client files', clock }, () => checkClientFiles(needs))
  const configured = [ingress, client].flatMap((own) => own?.material.anchors ?? [])
  for (const [side, own] of [['ingress', ingress] as const, ['client', client] as const]) {
    if (own) yield* checkOwnCertificate({ own, side, hosts, configured, configFile, clock })
    else yield* notTried(certificateSteps(side))
  }
  return ingress
}
