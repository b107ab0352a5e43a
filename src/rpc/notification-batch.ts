/**
 * Taking many notifications of another backend that came in one request, each as if it had come by itself: read, refused
 * or handled under the same rules, and answered for by itself (docs/decisions/notification-batch.md).
 *
 * In order, and until one fails in a way that may pass: those after it may be about the same and must not overtake it, so
 * they are left to be sent again. What is wrong for good stops nothing.
 */
import { REFUSAL_CHARACTERS_MAX } from '#src/contract/federation/limits.ts'
import type { BatchResult, NotificationBatch } from '#src/contract/federation/notification-batch.ts'
import type { RpcHandler, RpcInput } from '#src/kit/endpoint.ts'
import { Refusal } from '#src/kit/errors.ts'
import { type ErrorSetting, explain, faultObject } from '#src/kit/http/router.ts'
import type { Log } from '#src/kit/log.ts'
import type { galleyFederation } from '#src/contract/federation/galley.ts'
import { type FederationContext, type FederationContract, type FindForm, findForm, type Form } from './rpc-forms.ts'

export interface Together<Input> {
  readonly input: Input
  readonly context: FederationContext
}

/** Takes several notifications of one kind at once, in their order; all of them or none. */
export type TakeTogether<Input> = (notifications: readonly Together<Input>[]) => Promise<void>

export interface BatchOptions<C extends FederationContract> {
  /** Kinds of which several in a row are cheaper together. */
  readonly together: { readonly [K in keyof C]?: TakeTogether<RpcInput<C[K]>> }
  readonly log: Log
}

type OnNotifications = RpcHandler<(typeof galleyFederation)['on-notifications'], FederationContext>

/** What is not delivered through the queue cannot come in a batch. */
export const takeBatches = <const C extends FederationContract>(
  contract: C,
  handlers: { readonly [K in keyof C]: RpcHandler<C[K], FederationContext> },
  { together, log }: BatchOptions<C>,
): OnNotifications => {
  const find = findForm(contract, handlers)
  const several: Readonly<Record<string, TakeTogether<never> | undefined>> = together
  const take = async ({ form, items }: Run): Promise<void> => {
    const all = several[form.key] as TakeTogether<unknown> | undefined
    if (all) return all(items)
    // Only what is taken together is in one run with others.
    for (const { input, context } of items) await form.handler(input, context)
  }
  const attempt = (run: Run): Promise<RefusedResult | undefined> =>
    take(run).then(
      () => undefined,
      (error: unknown) => refused(error, { log, what: `a batch of ${run.form.key}` }),
    )
  return async ({ notifications }, { origin }) => {
    const results: BatchResult[] = []
    let isStopped = false
    for (const run of runsOf(notifications, { origin, find, mayJoin: ({ key }) => several[key] !== undefined })) {
      if (isStopped) {
        results.push(...run.items.map(() => UNTRIED))
      } else if ('refusal' in run) {
        results.push(run.refusal)
        isStopped = mayPass(run.refusal)
      } else {
        const failure = await attempt(run)
        // What is refused for good is said of each by itself: the others have done nothing wrong.
        if (failure && !mayPass(failure) && run.items.length > 1) {
          for (const item of run.items) {
            const own: BatchResult = isStopped ? UNTRIED : ((await attempt({ ...run, items: [item] })) ?? TAKEN)
            results.push(own)
            isStopped ||= own.outcome === 'refused' && mayPass(own)
          }
          continue
        }
        results.push(...run.items.map(() => failure ?? TAKEN))
        isStopped = failure !== undefined && mayPass(failure)
      }
    }
    return { results }
  }
}

const TAKEN: BatchResult = { outcome: 'taken' }
const UNTRIED: BatchResult = { outcome: 'untried' }

type RefusedResult = Extract<BatchResult, { outcome: 'refused' }>

interface Run {
  readonly form: Form
  readonly items: Together<unknown>[]
}

interface RefusedRun {
  readonly refusal: RefusedResult
  readonly items: readonly [unknown]
}

interface Splitting {
  readonly origin: FederationContext['origin']
  readonly find: FindForm
  readonly mayJoin: (form: Form) => boolean
}

/** In their order: what is taken together, what is taken by itself, and what cannot be taken at all. */
const runsOf = (
  notifications: NotificationBatch['notifications'],
  { origin, find, mayJoin }: Splitting,
): (Run | RefusedRun)[] => {
  const runs: (Run | RefusedRun)[] = []
  for (const { path, version, request_id: requestId, body } of notifications) {
    const form = find(path, version)
    if (form?.entry.mode !== 'queue') {
      runs.push({ refusal: refusal(404, 'no-endpoint', 'no such notification in this version'), items: [body] })
      continue
    }
    const parsed = form.entry.input.safeParse(body)
    if (!parsed.success) {
      // The one failure that a queue takes as permanent (backend-notifications.md §8).
      runs.push({ refusal: refusal(400, 'bad-request', explain(parsed.error)), items: [body] })
      continue
    }
    const item = { input: parsed.data, context: { origin, version, requestId } }
    const last = runs.at(-1)
    if (last && 'form' in last && last.form === form && mayJoin(form)) last.items.push(item)
    else runs.push({ form, items: [item] })
  }
  return runs
}

const refusal = (code: number, label: string, message: string): RefusedResult => ({
  outcome: 'refused',
  code,
  label,
  message: message.slice(0, REFUSAL_CHARACTERS_MAX),
})

const mayPass = ({ code, label }: RefusedResult): boolean => code !== 400 || label !== 'bad-request'

const refused = (error: unknown, setting: ErrorSetting): RefusedResult => {
  if (error instanceof Refusal) return refusal(error.status, error.label, error.detail)
  const { code, label, message } = faultObject(error, setting)
  return refusal(code, label, message)
}
