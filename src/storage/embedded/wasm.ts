/**
 * The embedded PostgreSQL as compiled code.
 *
 * V8 compiles WebAssembly first quickly and then, what is used often, again and better. For this module the second
 * compiler takes 300 to 500 MB for a while, keeps 60 of it, and makes a statement a fifth faster at most; so a process
 * that embeds the database does without. Functions are compiled when they are first called, so the flags stay as they
 * are set here; they also concern the other WebAssembly of the process, of which the HTTP parser of undici matters a
 * little. A process with a PostgreSQL server never comes here. Figures: docs/decisions/embedded-database.md.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import v8 from 'node:v8'

/** TypeScript keeps these types with those of browsers. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => CompiledModule }
type CompiledModule = object

let compiled: CompiledModule | undefined

/** Once per process, however many databases it opens. Takes about 25 ms. */
export const pgliteModule = (): CompiledModule => {
  if (compiled) return compiled
  v8.setFlagsFromString('--no-wasm-tier-up')
  v8.setFlagsFromString('--no-wasm-dynamic-tiering')
  compiled = new WebAssembly.Module(
    readFileSync(fileURLToPath(import.meta.resolve('@electric-sql/pglite/pglite.wasm'))),
  )
  return compiled
}
