/** Texts of strangers on the operator's terminal and in machines' logs. */
import { TEXT_CHARACTERS_MAX } from './limits.ts'

/**
 * Without control characters, which could write elsewhere on the terminal, and without invisible ones, which could
 * turn a name around (Unicode category C); and not for ever.
 */
export const plain = (text: string): string => {
  const shown = text.replaceAll(/\p{C}+/gu, '·')
  return shown.length > TEXT_CHARACTERS_MAX ? `${shown.slice(0, TEXT_CHARACTERS_MAX)}…` : shown
}

/** `a, b, c and 7 more` */
export const listed = (texts: readonly string[], max: number): string => {
  const shown = texts.slice(0, max).join(', ')
  return texts.length > max ? `${shown} and ${texts.length - max} more` : shown
}
