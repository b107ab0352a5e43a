/**
 * For tests: holds what a part answers other backends against the contract, field by field. Readers drop what they do not
 * know and fill in what is missing, so that an answer with a field too many or too few would go unnoticed for ever.
 */
import assert from 'node:assert/strict'
import { ALL_VERSIONS, includesVersion, type Rpc } from '#src/kit/endpoint.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import { FEDERATION_PATTERN } from './federation-server.ts'
import { parseVersionHeader } from './versions.ts'

/** The same transport, through which no answer comes that is not written exactly as declared. */
export const asDeclared = (transport: Transport, contract: Readonly<Record<string, Rpc>>): Transport => ({
  send: async (request) => {
    const response = await transport.send(request)
    if (request.pattern !== FEDERATION_PATTERN || response.status !== 200) return response
    const name = request.params['rpc'] ?? ''
    const version = parseVersionHeader(request.headers['x-wire-api-version'])
    const entry = Object.values(contract).find(
      (each) => each.name === name && includesVersion(each.versions ?? ALL_VERSIONS, version),
    )
    if (entry?.output && response.body instanceof Uint8Array) {
      const written: unknown = JSON.parse(Buffer.from(response.body).toString('utf8'))
      // What reading would add or leave out was missing, or is not declared.
      const read: unknown = JSON.parse(JSON.stringify(entry.output.parse(written)))
      assert.deepEqual(read, written, `${name} is not answered as it is declared`)
    }
    return response
  },
})
