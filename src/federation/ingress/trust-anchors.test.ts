import 'reflect-metadata'
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import * as x509 from '@peculiar/x509'
import { systemClock } from '#src/kit/clock.ts'
import { createAuthority } from '#src/world/authority.ts'
import { anchorForDepth } from './trust-anchors.ts'

const authority = new X509Certificate((await createAuthority('Test Authority', systemClock)).certificatePem)
const constraintsOf = (pem: string) => new x509.X509Certificate(pem).getExtension(x509.BasicConstraintsExtension)

test('the path length is one less than the depth, and everything else stays', () => {
  const anchor = new X509Certificate(anchorForDepth(authority, 3))
  assert.equal(constraintsOf(anchor.toString())?.pathLength, 2)
  assert.equal(constraintsOf(anchor.toString())?.ca, true)
  assert.equal(anchor.subject, authority.subject)
  assert.equal(anchor.serialNumber, authority.serialNumber)
  assert.equal(anchor.validTo, authority.validTo)
  assert.deepEqual(
    anchor.publicKey.export({ type: 'spki', format: 'der' }),
    authority.publicKey.export({ type: 'spki', format: 'der' }),
  )
})

test('an authority that allows less keeps to that', () => {
  const strict = new X509Certificate(anchorForDepth(authority, 1))
  assert.equal(constraintsOf(anchorForDepth(strict, 5))?.pathLength, 0)
})
