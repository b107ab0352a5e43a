/** What is measured side by side: two federated servers of one kind, and people on both who are signed in. */
import type { Load, LoadResult } from './load.ts'

export interface Contestant extends AsyncDisposable {
  readonly name: string
  /** What its processes are, each with the CPU seconds it has used. */
  cpuSeconds(): Promise<Readonly<Record<string, number>>>
  run(load: Load, seconds: number): Promise<LoadResult>
  /** Milliseconds that one message waits for disks, on all servers together; of those that store it. */
  diskWaitMs?(): Promise<number>
}
