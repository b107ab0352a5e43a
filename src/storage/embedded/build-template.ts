/**
 * Creates an empty embedded database in the directory it is given, and ends. A process of its own because it needs
 * half a gigabyte for two seconds, which the caller would keep.
 */
import { PGlite } from '@electric-sql/pglite'
import { pgliteModule } from './wasm.ts'

const [, , dataDir] = process.argv
if (dataDir === undefined) throw new Error('usage: build-template DIRECTORY')

const pg = await PGlite.create({
  dataDir,
  pgliteWasmModule: pgliteModule(),
  // Segments of 1 MB and not 16: a new database, and the log of an idle one, is small.
  initDbStartParams: ['--wal-segsize=1'],
})
// Nobody creates another database here. Without the templates a copy has a third of the files, and no database is left
// that cannot be vacuumed.
await pg.exec("update pg_database set datistemplate = false where datname in ('template0', 'template1')")
await pg.exec('drop database template0')
await pg.exec('drop database template1')
await pg.exec('vacuum freeze')
await pg.exec('checkpoint')
await pg.close()
