/** The same closed load as in `load.ts`, for XMPP: what arrives lets the next one go. */
import { withDeadline } from '#src/kit/deadline.ts'
import { quantile } from '../figures.ts'
import { CIPHERTEXT_BYTES, type LoadResult, type RunPlan } from './load.ts'
import type { XmppPair } from './xmpp.ts'

const BODY = 'm'.repeat(CIPHERTEXT_BYTES)
const STUCK_MS = 20_000

export const runXmppLoad = async (pairs: readonly XmppPair[], { inFlight, seconds }: RunPlan): Promise<LoadResult> => {
  const latenciesMs: number[] = []
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  const endMs = startMs + seconds * 1000
  const work = pairs.map((pair, index) => converse(pair, { name: String(index), inFlight, latenciesMs, endMs }))
  await withDeadline(Promise.all(work), seconds * 1000 + STUCK_MS, 'a load')
  const elapsed = (performance.now() - startMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return {
    messages: latenciesMs.length,
    perSecond: latenciesMs.length / elapsed,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    generatorCpuSeconds: (user + system) / 1e6,
  }
}

interface Conversing {
  readonly name: string
  readonly inFlight: number
  readonly latenciesMs: number[]
  readonly endMs: number
}

const converse = ({ from, to }: XmppPair, { name, inFlight, latenciesMs, endMs }: Conversing): Promise<void> => {
  const sentMs = new Map<string, number>()
  const done = Promise.withResolvers<void>()
  let number = 0
  const send = (): void => {
    const id = `${name}-${(number += 1)}`
    sentMs.set(id, performance.now())
    from.write(`<message to='${to.jid}' type='chat' id='${id}'><body>${BODY}</body></message>`)
  }
  from.onMessage = (stanza) => done.reject(new Error(`came back: ${stanza}`))
  to.onMessage = (stanza) => {
    const id = /\bid=['"]([^'"]*)['"]/.exec(stanza)?.[1] ?? ''
    const sent = sentMs.get(id)
    if (sent === undefined) return
    sentMs.delete(id)
    const nowMs = performance.now()
    latenciesMs.push(nowMs - sent)
    if (nowMs < endMs) send()
    else if (sentMs.size === 0) done.resolve()
  }
  for (let each = 0; each < inFlight; each += 1) send()
  return done.promise
}
