/** Which characters fields may consist of. */

const tableOf = (isAllowed: (code: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, code) => (isAllowed(code) ? 1 : 0))

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]$/

/** RFC 9110 §5.6.2, without the upper case that RFC 9113 §8.2.1 takes away. */
export const IN_NAME = tableOf((code) => TOKEN.test(String.fromCharCode(code)))

/** RFC 9110 §5.5: printable, space, tab, and what lies beyond ASCII; no control characters. */
export const IN_VALUE = tableOf((code) => code === 0x09 || (code >= 0x20 && code !== 0x7f))

export const SPACE = 0x20
export const TAB = 0x09
export const COLON = 0x3a
