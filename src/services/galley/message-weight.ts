/**
 * What all devices get alike is sent once and stored once for each of them, so that a message can become many times what
 * it was.
 */
import { Refusal } from '#src/kit/errors.ts'
import type { ClientSets } from './client-sets.ts'
import { ENVELOPE_CHARACTERS, PUSHED_CHARACTERS_MAX, TEXTS_CHARACTERS_MAX } from './limits.ts'

/**
 * Throws a {@link Refusal} for what our own gundeck, or that of another backend like us, would not take at once: once it is
 * accepted it could only be lost.
 */
export const weigh = ({ blob }: { readonly blob: Uint8Array }, valid: ClientSets): void => {
  const each = ENVELOPE_CHARACTERS + Math.ceil(blob.length / 3) * 4
  for (const users of valid.values()) {
    let devices = 0
    for (const clients of users.values()) devices += clients.size
    if (each * devices > PUSHED_CHARACTERS_MAX - TEXTS_CHARACTERS_MAX)
      throw new Refusal(413, 'client-error', { detail: 'The message is too large for so many devices' })
  }
}
