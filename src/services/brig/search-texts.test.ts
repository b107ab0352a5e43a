import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SEARCH_ROTATIONS_MAX, SEARCH_TEXT_CHARACTERS_MAX } from './limits.ts'
import { endOfPrefix, searchTerm, searchTexts } from './search-texts.ts'

const textsOf = (name: string, handle: string | null = null): string[] => searchTexts({ name, handle })

test('USR-017: a name is found from each of its words on, and the handle from its beginning', () => {
  assert.deepEqual(textsOf('Bobby van Tables', 'bob_77'), [
    'bobby van tables',
    'van tables bobby',
    'tables bobby van',
    'bob 77',
  ])
  assert.deepEqual(textsOf('Bob', 'bob'), ['bob'])
})

test('USR-017: case, accents and spellings that people leave out make no difference', () => {
  const spellings = [
    ['J\u00f6rg', 'JO\u0308RG', 'jorg'],
    ['Øystein Müßig', 'oystein mussig', 'OYSTEIN MÜSSIG'],
    ['Łukasz', 'lukasz'],
    ['İpek Işık', 'ipek isik'],
    ['ΟΔΥΣΣΕΥΣ', 'οδυσσευς', 'Οδυσσεύς'],
    ['Ærøskøbing', 'aeroskobing'],
    ['Zoë', 'ｚｏｅ', 'zoe'],
  ]
  for (const [name = '', ...typed] of spellings) {
    for (const text of typed) assert.equal(searchTerm(text)?.text, textsOf(name)[0], `${text} for ${name}`)
  }
})

test('USR-017: vowels that are marks are not taken for accents', () => {
  assert.notEqual(searchTerm('कि')?.text, searchTerm('कु')?.text)
})

test('what is typed is a handle if it can be one, with or without the sign', () => {
  assert.deepEqual(searchTerm(' @Bob.77 '), { handle: 'bob.77', text: 'bob 77', words: ['bob', '77'] })
  assert.deepEqual(searchTerm('Bo Tables'), { handle: undefined, text: 'bo tables', words: ['tables', 'bo'] })
})

test('nothing typed finds nobody, and a name without letters can be found', () => {
  for (const nothing of ['', '  ', '@', ' @@ ']) assert.equal(searchTerm(nothing), undefined)
  assert.equal(searchTerm('🎉')?.text, textsOf('🎉 🎊')[0]?.slice(0, 2))
  assert.deepEqual(textsOf('🎉 🎊'), ['🎉 🎊', '🎊 🎉'])
})

test('long names take a bounded number of texts of bounded length', () => {
  assert.equal(textsOf('a b c d e f g h i j k l').length, SEARCH_ROTATIONS_MAX)
  const long = textsOf('\ufdfa'.repeat(128), 'x'.repeat(256))
  assert.deepEqual(
    long.filter((text) => [...text].length > SEARCH_TEXT_CHARACTERS_MAX),
    [],
  )
})

test('every continuation of a prefix lies before its end', () => {
  const bytes = (text: string) => Buffer.from(text, 'utf8')
  for (const longer of ['bo', 'bob', 'bo\u{1F389}', 'bo\u{10FFFF}'.slice(0, 2)]) {
    assert.ok(Buffer.compare(bytes(longer), bytes(endOfPrefix('bo'))) < 0)
  }
  assert.ok(Buffer.compare(bytes('bp'), bytes(endOfPrefix('bo'))) > 0)
})
