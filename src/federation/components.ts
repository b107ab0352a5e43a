/**
 * Handing a request of another backend to one of our components: `POST /federation/{rpc}`, in this process or over
 * HTTP, which is the transport's business (federation-transport.md §6.3).
 */
import { withDeadline } from '#src/kit/deadline.ts'
import { NO_BODY, type Transport, type WireResponse } from '#src/kit/http/wire.ts'
import { FEDERATION_PATTERN } from '#src/rpc/federation-server.ts'
import type { Component } from '#src/rpc/federator-transport.ts'
import { discard } from './bodies.ts'
import { COMPONENT_HEADERS_TIMEOUT_MS, REQUEST_BODY_TIMEOUT_MS } from './limits.ts'

export interface ComponentRequest {
  readonly component: Component
  readonly rpc: string
  /** All that the component is told besides the body. */
  readonly headers: Readonly<Record<string, string>>
  /** What is large comes while it is sent. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}

/** Rejects when the component is not there or does not begin to answer in time. */
export type CallComponent = (request: ComponentRequest) => Promise<WireResponse>

export type Components = Readonly<Record<Component, Transport>>

export const componentCaller =
  (components: Components, timeoutMs = COMPONENT_HEADERS_TIMEOUT_MS): CallComponent =>
  ({ component, rpc, headers, body }) => {
    let isLate = false
    const isWhole = body instanceof Uint8Array
    // The answer comes after the end of the request, and that is up to its sender.
    const waitMs = isWhole ? timeoutMs : timeoutMs + REQUEST_BODY_TIMEOUT_MS
    const sent = isWhole ? { body } : { body: NO_BODY, stream: body }
    const asked = components[component]
      .send({
        method: 'POST',
        pattern: FEDERATION_PATTERN,
        params: { rpc },
        query: NO_QUERY,
        headers,
        ...sent,
        timeoutMs: waitMs,
      })
      .then((response) => {
        // Nobody waits for it any more.
        if (isLate) discard(response.body)
        return response
      })
    return withDeadline(asked, waitMs, `waiting for ${component} to answer ${rpc}`).catch((error: unknown) => {
      isLate = true
      throw error
    })
  }

const NO_QUERY = {}
