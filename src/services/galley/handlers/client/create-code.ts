import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { codeUpdateEvent } from '../../events.ts'
import { baseFor, codeAccess, type LinkNeeds, shownCode } from '../../guest-links.ts'
import { CODE_BYTES, CODE_MS_MAX } from '../../limits.ts'
import { tellCode } from '../../tell-code.ts'

export const createCode =
  (needs: LinkNeeds): Handler<(typeof galleyClient)['create-code'], ClientContext> =>
  async ({ params: { conversation }, headers, body }, { caller, requestId }) => {
    const { store, domain, clock, random, codePasswords } = needs
    const base = baseFor(needs, headers['z-host'])
    if (base === undefined) return { outcome: 'access-denied' }
    const user = { domain, id: caller.user }
    const access = await codeAccess(needs, { conversation, user, asAdmin: true }, requestId)
    if (access.outcome !== 'open') return access

    const password = body.password ?? null
    const made = {
      conversation,
      key: secret(random.bytes(CODE_BYTES)),
      code: secret(random.bytes(CODE_BYTES)),
      passwordHash: password === null ? null : await codePasswords.hash(password),
    }
    const now = clock.now()
    return store.transaction(async (tx) => {
      const standing = await tx.lockStanding(conversation)
      if (!standing) return { outcome: 'not-found' }
      const existing = await tx.codeOf(conversation, now)
      if (existing) {
        const isProtected = existing.passwordHash !== null || password !== null
        return isProtected ? { outcome: 'conflict' } : { outcome: 'existed', body: shownCode(existing, base) }
      }
      await tx.putCode(made, new Date(now.getTime() + CODE_MS_MAX))
      const event = await tellCode(needs, {
        tx,
        standing,
        by: caller,
        requestId,
        eventOf: (happening) => codeUpdateEvent(happening, shownCode(made, base)),
      })
      return { outcome: 'created', body: event }
    })
  }

const secret = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
