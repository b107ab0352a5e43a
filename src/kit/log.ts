/** One JSON line per event. Secrets never reach a log: bodies are not logged and token-bearing fields are redacted. */
import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Logger

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export const createLog = ({
  level,
  name,
  destination,
}: {
  readonly level: LogLevel
  readonly name: string
  readonly destination?: DestinationStream
}): Log =>
  pino(
    { level, base: { name }, redact: ['authorization', 'cookie', 'password', 'access_token', '*.authorization'] },
    destination ?? pino.destination({ fd: 1, sync: true }),
  )

export const nullLog: Log = pino({ level: 'silent' })
