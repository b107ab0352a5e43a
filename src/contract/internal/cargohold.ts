/** What the operator of this machine asks of cargohold. Never reachable through the public listener. */
import { bytes, endpoint } from '#src/kit/endpoint.ts'

export const cargoholdInternal = {
  'get-metrics': endpoint('Figures about assets, as Prometheus reads them.', {
    method: 'GET',
    path: '/i/metrics',
    access: 'internal',
    answers: { figures: bytes(200, 'text/plain;version=0.0.4;charset=utf-8') },
  }),
}
