/**
 * Loaded first into our processes, to count what must not happen once per request. Reading the source is not proof
 * enough, and a counter in the product would be there for the benchmark only. It costs nothing while nothing happens.
 */
import crypto from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import tls from 'node:tls'
import { type Counted, fileOf, PROBE_VARIABLE } from './probe-counter.ts'

const directory = process.env[PROBE_VARIABLE]

const count = (what: Counted): void => {
  if (directory !== undefined) appendFileSync(fileOf(directory, what), '.')
}

class CountedCertificate extends crypto.X509Certificate {
  constructor(encoded: ConstructorParameters<typeof crypto.X509Certificate>[0]) {
    super(encoded)
    count('certificates parsed')
  }
}
crypto.X509Certificate = CountedCertificate
syncBuiltinESMExports()

// Servers of HTTPS and HTTP/2 inherit from this one.
const { emit } = tls.Server.prototype
tls.Server.prototype.emit = function (this: tls.Server, event: string, ...values: unknown[]): boolean {
  if (event === 'secureConnection') count('handshakes')
  return Reflect.apply(emit, this, [event, ...values])
}
