/**
 * What people are found by, and how what somebody typed is compared with it.
 *
 * A user is found by the beginning of his handle, and of his name from any word on: "Bobby van Tables" is stored as "bobby
 * van tables", "van tables bobby" and "tables bobby van", so that a search is a range of an index that is read in order
 * and stops when there is enough. Both sides are folded by the same function here, not by the database, of which there
 * are two with different means. Trigrams, which would find the middle of a word too, were refused: see
 * docs/decisions/search.md.
 */
import { Handle } from '#src/contract/ids.ts'
import { SEARCH_ROTATIONS_MAX, SEARCH_TEXT_CHARACTERS_MAX } from './limits.ts'

/** To be raised when {@link searchTexts} gives something else than before: all texts are then written anew. */
export const SEARCH_FORM = 1

export interface SearchTerm {
  /** Who has exactly this handle comes first. */
  readonly handle: Handle | undefined
  /** As texts begin. */
  readonly text: string
  /** Longest first; each of them begins a word of whoever is found by several beginnings in any order. */
  readonly words: readonly string[]
}

/** `undefined` when nothing was typed that could find anybody. */
export const searchTerm = (typed: string): SearchTerm | undefined => {
  const bare = typed.trim().replace(/^@+/, '')
  const words = wordsOf(bare)
  if (words.length === 0) return undefined
  const handle = Handle.safeParse(bare.toLowerCase())
  return {
    handle: handle.success ? handle.data : undefined,
    text: cut(words.join(' ')),
    words: [...new Set(words)].toSorted((a, b) => b.length - a.length).slice(0, SEARCH_ROTATIONS_MAX),
  }
}

/** Everything that a user is found by the beginning of, each once. */
export const searchTexts = ({ name, handle }: { readonly name: string; readonly handle: string | null }): string[] => {
  const words = wordsOf(name)
  const rotations = words
    .slice(0, SEARCH_ROTATIONS_MAX)
    .map((_, start) => [...words.slice(start), ...words.slice(0, start)].join(' '))
  return [...new Set([...rotations, ...(handle === null ? [] : [wordsOf(handle).join(' ')])].map(cut))]
}

/** The largest code point comes after all that a text can go on with. */
export const endOfPrefix = (prefix: string): string => `${prefix}\u{10FFFF}`

/** Letters and digits; of a text without any (people are called "🎉" too) what there is. */
const wordsOf = (text: string): string[] => {
  const folded = fold(text)
  const words = folded.split(/[^\p{L}\p{N}\p{M}]+/u).filter((word) => word !== '')
  return words.length > 0 ? words : folded.split(/\s+/u).filter((word) => word !== '')
}

/**
 * Case, accents and spellings that people leave out when they type a name: "Øystein Müßig" is "oystein mussig". Upper
 * case first, because that is where letters meet that have several lower ones (ß, ς, ſ, ı).
 */
const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(ACCENTS, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(ACCENTS, '')
    .replaceAll(/[øđłħŧıæœþðς]/g, (letter) => STROKES[letter] ?? letter)

/** Of Latin, Greek and Cyrillic; the points of Hebrew and Arabic. Not all marks: those of Indic scripts are vowels. */
const ACCENTS = /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]/g

/** Letters that Unicode does not take apart. */
const STROKES: Readonly<Record<string, string>> = {
  ø: 'o',
  đ: 'd',
  ł: 'l',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  æ: 'ae',
  œ: 'oe',
  þ: 'th',
  ð: 'd',
  ς: 'σ',
}

const cut = (text: string): string => [...text].slice(0, SEARCH_TEXT_CHARACTERS_MAX).join('')
