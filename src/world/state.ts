/** What a world remembers between starts. Written by us alone, so it is read without a schema. */
import { readFile } from 'node:fs/promises'
import type { WorldLayout } from './layout.ts'
import type { Ports } from './ports.ts'
import { replaceFile } from './replace-file.ts'

export interface WorldState {
  readonly version: 1
  readonly ports: Ports
  /** The conversation in which the first message of each start is sent. */
  readonly conversation?: { readonly id: string; readonly domain: string } | undefined
}

export async function readState(layout: WorldLayout): Promise<WorldState | undefined> {
  const text = await readFile(layout.stateFile, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const state = JSON.parse(text) as { version: unknown }
    if (state.version !== 1) throw new Error(`it was written by another version (${String(state.version)})`)
    return state as WorldState
  } catch (cause) {
    throw new Error(`${layout.stateFile} cannot be used; start with --fresh to begin anew`, { cause })
  }
}

export async function writeState(layout: WorldLayout, state: WorldState): Promise<void> {
  await replaceFile(layout.stateFile, `${JSON.stringify(state, undefined, 2)}\n`, 0o600)
}
