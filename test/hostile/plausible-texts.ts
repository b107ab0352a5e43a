/** Texts that mean something to a backend: between them they satisfy every format that the contracts ask for. */
const TEXTS = [
  // At once a handle, a name, a device id, a role, Base64 and a new password.
  'aaaaaaaa',
  '00000000-0000-4000-8000-00000000dead',
  'alpha.test',
  'en',
  '3-1-00000000-0000-4000-8000-00000000dead',
  '2026-01-31T09:12:33.123Z',
]

export const textFor = (fits: (text: string) => boolean): string => {
  const found = TEXTS.find(fits)
  if (found === undefined) throw new Error('a contract asks for a format of which plausible-texts.ts has no example')
  return found
}
