/** Runs one device; see device.ts for why it has a thread to itself. */
import { parentPort, workerData } from 'node:worker_threads'
import { Device } from './device.ts'

export interface Question {
  readonly number: number
  readonly method: keyof Device
  readonly arguments: readonly unknown[]
}

if (!parentPort) throw new Error('device-thread.ts runs in a worker thread')
const port = parentPort
const device = new Device((workerData as { clientApi: string }).clientApi, (heard) => port.postMessage({ heard }))

port.on('message', (question: Question) => void answer(question))

async function answer({ number, method, arguments: args }: Question): Promise<void> {
  try {
    const ask = device[method] as (...args: unknown[]) => Promise<unknown>
    port.postMessage({ number, value: await ask.call(device, ...args) })
  } catch (error) {
    port.postMessage({ number, error: describe(error) })
  }
}

/** Errors of the stock client carry sockets and functions, which cannot leave the thread. */
function describe(error: unknown): Error {
  const described = new Error(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
  const { label, code, response } = error as {
    label?: string
    code?: unknown
    response?: { status: number; data: unknown }
  }
  return Object.assign(described, {
    label,
    code,
    answer: response && `${response.status} ${JSON.stringify(response.data)}`,
  })
}
