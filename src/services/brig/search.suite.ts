/** What a search on one backend finds, whichever database it runs on. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Handle, type TeamId } from '#src/contract/ids.ts'
import { nullLog } from '#src/kit/log.ts'
import { outboxMigrations } from '#src/queue/outbox.ts'
import type { TestDatabases } from '#src/storage/testing.ts'
import { brigMigrations } from './brig.ts'
import { SEARCH_BATCH_PAUSE_MS, SEARCH_BATCH_USERS } from './limits.ts'
import { startSearchUpkeep } from './search-upkeep.ts'
import type { BrigTables } from './tables.ts'
import {
  callInternal,
  foundTeam,
  joinTeam,
  type Person,
  registerPerson,
  startTestBrig,
  type TestBrig,
} from './testing.ts'

interface Asked {
  readonly q: string
  readonly size?: number
}

const search = async (person: Person, query: Asked): Promise<string[]> => {
  const answer = await person.calls('search-contacts', { query })
  assert.ok(answer.outcome === 'found')
  const { documents, found, returned, took, search_policy: policy } = answer.body
  assert.deepEqual([found, returned, took, policy], [documents.length, documents.length, 0, 'full_search'])
  return documents.map(({ name }) => name)
}

const rename = (person: Person, name: string) => person.calls('update-self', { body: { name } })

const claim = async (person: Person, handle: string): Promise<void> => {
  const { outcome } = await person.calls('claim-handle', { body: { handle: Handle.parse(handle) } })
  assert.equal(outcome, 'claimed')
}

const named = async (brig: TestBrig, name: string, handle?: string): Promise<Person> => {
  const person = await registerPerson(brig, name)
  if (handle !== undefined) await claim(person, handle)
  return person
}

const mate = async (brig: TestBrig, team: TeamId, name: string): Promise<Person> => {
  const person = await joinTeam(brig, team)
  await rename(person, name)
  return person
}

const letStrangersFind = async (brig: TestBrig, team: TeamId, status: 'enabled' | 'disabled') => {
  const { outcome } = await callInternal(brig, 'set-search-visibility-inbound', { params: { team }, body: { status } })
  assert.equal(outcome, 'set')
}

export const searchSuite = (engine: string, databases: () => Promise<TestDatabases>, tags: string[] = []): void => {
  void suite(`search, ${engine}`, { tags }, () => {
    const stack = new AsyncDisposableStack()
    let brig: TestBrig
    before(async () => {
      const own = stack.use(await databases())
      const database = stack.use(await own.open())
      brig = stack.use(await startTestBrig({ database }))
    })
    after(() => stack.disposeAsync())

    test('USR-017: the exact handle comes first and once, then names, never oneself, and no more than wanted', async () => {
      const alice = await named(brig, 'Alexandra', 'alexandra')
      await named(brig, 'Alex Smith', 'alexs')
      await named(brig, 'Alexsandro', 'sandro')
      assert.deepEqual(await search(alice, { q: 'alexs' }), ['Alex Smith', 'Alexsandro'])
      assert.deepEqual(await search(alice, { q: '@ALEXS' }), ['Alex Smith', 'Alexsandro'])
      assert.deepEqual(await search(alice, { q: 'Alex' }), ['Alex Smith', 'Alexsandro'])
      assert.deepEqual(await search(alice, { q: 'alex', size: 1 }), ['Alex Smith'])
      assert.deepEqual(await search(alice, { q: 'alexandra' }), [])
      for (const q of ['', '@', '%', 'lexs']) assert.deepEqual(await search(alice, { q }), [], q)
    })

    test('USR-017: fifteen people unless more are wanted, whatever else they are found by', async () => {
      const alice = await registerPerson(brig)
      const names = Array.from({ length: 20 }, (_, number) => `Yolanda Yo ${String(number).padStart(2, '0')}`)
      for (const [number, name] of names.entries()) await named(brig, name, `yo.${number}`)
      assert.deepEqual(await search(alice, { q: 'yol' }), names.slice(0, 15))
      assert.equal(new Set(await search(alice, { q: 'yo' })).size, 15)
      assert.equal(new Set(await search(alice, { q: 'yo', size: 500 })).size, 20)
      for (const size of [0, 501]) await assert.rejects(search(alice, { q: 'yo', size }), /answered 400/)
    })

    test('USR-017: a name is found from any word on, in any order, without accents, and no longer when it is changed', async () => {
      const alice = await registerPerson(brig)
      const person = await named(brig, 'Łukasz Müßiggang van Ödön')
      const finding = ['lukasz', 'mussig', 'ÖDÖN', 'van odon', 'odon lukasz', 'luk od', 'od mus lu', 'Müßiggang']
      for (const q of finding) assert.deepEqual(await search(alice, { q }), ['Łukasz Müßiggang van Ödön'], q)
      for (const q of ['ukasz', 'lukasz smith', 'lukaszz']) assert.deepEqual(await search(alice, { q }), [], q)
      await rename(person, 'Quentin')
      for (const q of finding) assert.deepEqual(await search(alice, { q }), [], q)
      assert.deepEqual(await search(alice, { q: 'quent' }), ['Quentin'])
    })

    test('USR-018: neither guests nor partners may search', async () => {
      const { team } = await foundTeam(brig)
      const [guest, partner] = [await registerPerson(brig, 'Guest', null), await joinTeam(brig, team, 'partner')]
      const asked = [guest, partner].map((person) => person.calls('search-contacts', { query: { q: 'alex' } }))
      const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome)
      assert.deepEqual(outcomes, ['insufficient-permissions', 'insufficient-permissions'])
    })

    test('USR-019: strangers find members of a team by handle, and by name when the team wants it', async () => {
      const [one, two] = [await foundTeam(brig), await foundTeam(brig)]
      const alice = await joinTeam(brig, one.team)
      const [tom, mary] = [await mate(brig, two.team, 'Tomothy'), await joinTeam(brig, two.team)]
      const nora = await registerPerson(brig, 'Nora')
      await claim(tom, 'tomtom')
      const findings = async () => ({
        byHandle: await Promise.all([alice, nora, mary].map((person) => search(person, { q: 'tomtom' }))),
        byName: await Promise.all([alice, nora, mary].map((person) => search(person, { q: 'tomo' }))),
      })
      const found = ['Tomothy']
      assert.deepEqual(await findings(), { byHandle: [found, found, found], byName: [[], [], found] })
      await letStrangersFind(brig, two.team, 'enabled')
      assert.deepEqual(await findings(), { byHandle: [found, found, found], byName: [found, [], found] })
      await rename(tom, 'Tomoko')
      assert.deepEqual(await search(alice, { q: 'tomo' }), ['Tomoko'])
      await letStrangersFind(brig, two.team, 'disabled')
      assert.deepEqual(await search(alice, { q: 'tomo' }), [])
      assert.deepEqual(await search(mary, { q: 'tomo' }), ['Tomoko'])
    })

    test('USR-019: the own team comes first, and a team can keep its members from finding others by name', async () => {
      const { team } = await foundTeam(brig)
      const alice = await joinTeam(brig, team)
      await mate(brig, team, 'Wendy Zimmer')
      const outsider = await named(brig, 'Wendy Abel', 'wendy.abel')
      assert.deepEqual(await search(alice, { q: 'wendy' }), ['Wendy Zimmer', 'Wendy Abel'])
      assert.deepEqual(await search(alice, { q: 'wendy.abel' }), ['Wendy Abel'])
      assert.deepEqual(await search(outsider, { q: 'wendy' }), [])
      const body = { search_visibility: 'no-name-outside-team' as const }
      assert.equal((await callInternal(brig, 'set-search-visibility', { params: { team }, body })).outcome, 'set')
      assert.deepEqual(await search(alice, { q: 'wendy' }), ['Wendy Zimmer'])
      assert.deepEqual(await search(alice, { q: 'wendy.abel' }), ['Wendy Abel'])
    })

    test('USR-021: a hidden member is found by nobody until he is shown again, and keeps his handle', async () => {
      const { owner, team } = await foundTeam(brig)
      const [tom, mary] = [await mate(brig, team, 'Hidden Tom'), await joinTeam(brig, team)]
      await claim(tom, 'tom.hidden')
      const set = async (by: Person, set_searchable: boolean) =>
        (await by.calls('set-searchable', { params: { user: tom.id }, body: { set_searchable } })).outcome
      const everywhere = () =>
        Promise.all([owner, mary].flatMap((person) => ['hidden', 'tom.hidden'].map((q) => search(person, { q }))))
      const found = ['Hidden Tom']
      assert.deepEqual(await everywhere(), [found, found, found, found])
      assert.equal(await set(mary, false), 'insufficient-permissions')
      assert.equal(await set(owner, false), 'set')
      assert.deepEqual(await everywhere(), [[], [], [], []])
      await rename(tom, 'Hidden Thomas')
      assert.deepEqual(await everywhere(), [[], [], [], []])
      const handle = Handle.parse('tom.hidden')
      assert.equal((await mary.calls('check-handle', { params: { handle } })).outcome, 'taken')
      const profile = await mary.calls('get-user', { params: { user: tom.id } })
      assert.equal(profile.outcome === 'found' && profile.body.searchable, false)
      assert.equal(await set(owner, true), 'set')
      assert.deepEqual(await search(mary, { q: 'hidden' }), ['Hidden Thomas'])
    })

    test('USR-021: who is suspended or gone is found neither by name nor by handle', async () => {
      const alice = await registerPerson(brig)
      const person = await named(brig, 'Sus Pended', 'sus.pended')
      for (const status of ['suspended', 'deleted']) {
        await brig.alter(`update brig.users set status = '${status}' where id = '${person.id}'`)
        assert.deepEqual(await search(alice, { q: 'sus' }), [], status)
        assert.deepEqual(await search(alice, { q: 'sus.pended' }), [], status)
      }
    })

    test('USR-017: who was there before the search knew of him is found by handle at once and by name in a while', async () => {
      const alice = await registerPerson(brig)
      await named(brig, 'Veteran', 'veteran.handle')
      await brig.alter('delete from brig.search_texts')
      await brig.alter('delete from brig.search_progress')
      await brig.alter(
        `insert into brig.users (id, name, accent_id, locale, assets, supported_protocols, status, created_at)
         select gen_random_uuid(), 'Old ' || n, 0, 'en', '[]', '["proteus"]', 'active', now()
         from generate_series(1, ${SEARCH_BATCH_USERS * 2}) n`,
      )
      assert.deepEqual(await search(alice, { q: 'veteran.handle' }), ['Veteran'])
      assert.deepEqual(await search(alice, { q: 'veteran' }), [])
      const { clock } = brig
      const db = await brig.database.schema<BrigTables>('brig', brigMigrations, outboxMigrations)
      await using upkeep = startSearchUpkeep({ db, clock, log: nullLog })
      const progress = { isDone: false }
      void upkeep.done.then(() => (progress.isDone = true))
      while (!progress.isDone) await clock.advance(SEARCH_BATCH_PAUSE_MS)
      assert.deepEqual(await search(alice, { q: 'veteran' }), ['Veteran'])
      assert.equal((await search(alice, { q: 'old', size: 500 })).length, 500)
      await brig.alter(`delete from brig.users where name like 'Old %'`)
    })
  })
}
