/** A million people with names as people have them: some frequent, many rare, most of two words. */
import type pg from 'pg'

export interface Namesakes {
  readonly firsts: readonly string[]
  readonly lasts: readonly string[]
}

const FIRSTS =
  'Anna Maria Peter Michael Thomas Andreas Wolfgang Claus Jürgen Sabine Petra Monika Elisabeth Susanne Renate Karin Ursula Brigitte Alice Robert Charlie Chloé Zoë José André Łukasz Agnieszka Małgorzata Krzysztof Paweł Søren Bjørn Åsa Göran Öykü İbrahim Ayşe Mehmet Fatma Giulia Alessandro Francesca Matteo Sofía Santiago Valentina Mateo Camille Léa Hugo Inès Jean Marie Pierre Aleksandr Olga Dmitri Natalja Yuki Haruto Sakura Wei Fang Min Ji Priya Arjun Lakshmi Rahul Amina Omar Fatima Yusuf Kwame Ama Chidi Ngozi Thabo Lerato Emma Liam Olivia Noah Ava Ethan Grace Lucas Ella James Emily Benjamin Harriet George Victoria Edward Charlotte'.split(
    ' ',
  )
const STEMS =
  'Schmidt Müller Weber Wagner Becker Hoffmann Koch Richter Klein Wolf Neumann Schwarz Zimmermann Braun Krüger Hartmann Lange Werner Krause Lehmann Köhler Maier Fuchs Kaiser Peters Scholz Lang Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter'.split(
    ' ',
  )
const ENDS = [
  '',
  'er',
  's',
  'sen',
  'son',
  'ski',
  'ov',
  'ini',
  'es',
  'i',
  'ez',
  'in',
  'mann',
  'hofer',
  'stein',
  'berg',
  'dahl',
  'feld',
  'bach',
  'gren',
]

const LASTS = STEMS.flatMap((stem) => ENDS.map((end) => `${stem}${end}`))

/** Written past brig, as an older version would have left them: the search knows nothing of them. */
export const populate = async (database: pg.Client, users: number): Promise<Namesakes> => {
  await database.query('delete from brig.search_progress')
  await database.query('select setseed(0.5)')
  await database.query(
    `insert into brig.users
       (id, name, handle, email, email_key, accent_id, locale, assets, supported_protocols, status, created_at)
     select gen_random_uuid(), first || ' ' || last, 'user.' || n, 'u' || n || '@alpha.test', 'u' || n || '@alpha.test',
       0, 'en', '[]', '["proteus"]', 'active', now()
     from (
       -- The product of two chances makes some names frequent and most rare.
       select n, ($2::text[])[1 + floor(random() * random() * cardinality($2::text[]))::int] as first,
         ($3::text[])[1 + floor(random() * random() * cardinality($3::text[]))::int] as last
       from generate_series(1, $1::int) n
     ) people`,
    [users, FIRSTS, LASTS],
  )
  await database.query('vacuum analyze brig.users')
  return { firsts: FIRSTS, lasts: LASTS }
}

/** What people type: beginnings of names, frequent ones too, whole names, handles, and names that nobody has. */
export const queriesOf = ({ firsts, lasts }: Namesakes): string[] =>
  Array.from({ length: 5_000 }, (_, turn) => {
    const first = firsts[(turn * 31) % firsts.length] ?? ''
    const last = lasts[(turn * 97) % lasts.length] ?? ''
    const kinds = [
      first.slice(0, 3),
      last.slice(0, 4),
      first,
      `${first} ${last.slice(0, 2)}`,
      `${last} ${first}`,
      `@user.${(turn * 7_919) % 1_000_000}`,
      `${first.slice(0, 2)} ${last.slice(0, 5)}`,
      `${last}xyz`,
      first.toLowerCase().normalize('NFKD').replaceAll(/\p{M}/gu, ''),
      last.slice(0, 1),
    ]
    return kinds[turn % kinds.length] ?? first
  })
