/** Bodies that are not what an endpoint declares, or too much of it. */
import { isBytesBody, isStreamBody } from '#src/kit/endpoint.ts'
import {
  type Attack,
  type Attempt,
  asking,
  BAD_REQUEST,
  type Callers,
  fittingFor,
  hasJson,
  type Headers,
} from './attack.ts'
import type { Expected } from './client-answers.ts'
import {
  bombs,
  MALFORMED,
  otherTypes,
  type Sent,
  withOddKeys,
  withOddValues,
  withOtherTypes,
  wronglyCoded,
} from './client-bodies.ts'
import { isReadOnly, jsonBodyOf, type Target } from './client-endpoints.ts'

const BOMBS = bombs()
const TOO_LARGE: Expected = { status: 413, label: 'client-error' }

export const BODY_ATTACKS: readonly Attack[] = [
  {
    name: 'refuses what is not JSON',
    on: hasJson,
    attempts: (target, { refused }) => MALFORMED.map((sent) => sending(target, sent, BAD_REQUEST, refused)),
  },
  {
    name: 'refuses a body of another type',
    on: hasJson,
    attempts: (target, { refused }) =>
      otherTypes(fittingFor(target)).map((sent) => sending(target, sent, BAD_REQUEST, refused)),
  },
  {
    name: 'refuses values of another type',
    on: hasJson,
    attempts: (target, { refused }) =>
      withOtherTypes(fittingFor(target)).map((sent) => sending(target, sent, BAD_REQUEST, refused)),
  },
  {
    name: 'withstands odd values and keys',
    on: hasJson,
    attempts: (target, callers) => {
      const fitting = fittingFor(target)
      return [...withOddValues(fitting), ...withOddKeys(fitting)].map((sent) => sendingEither(target, sent, callers))
    },
  },
  {
    name: 'refuses what is wrongly compressed',
    on: hasJson,
    attempts: (target, { refused }) =>
      wronglyCoded(fittingFor(target)).map((sent) => sending(target, sent, { status: sent.status }, refused)),
  },
  {
    name: 'refuses bytes that it cannot read',
    on: ({ declared }) => isBytesBody(declared.body),
    attempts: (target, { refused }) => bytesFor(target).map((sent) => sending(target, sent, sent, refused)),
  },
  {
    name: 'refuses streams that it cannot read, and those that are said to be too long',
    on: ({ declared }) => isStreamBody(declared.body),
    attempts: (target, { refused: headers }) => [
      ...streamsFor(target).map((sent) => sending(target, sent, sent, headers)),
      {
        what: 'announced',
        asked: asking(target, { announcedBytes: STREAM_BYTES_MAX, headers: { ...headers, ...typeFor(target) } }),
        expected: TOO_LARGE,
      },
    ],
  },
  {
    name: 'refuses more than its limit',
    on: (target) => !isReadOnly(target) && !isStreamBody(target.declared.body),
    attempts: (target, { refused: headers }) => [
      ...BOMBS.map((bomb) => sending(target, bomb, TOO_LARGE, headers)),
      {
        what: 'announced',
        asked: asking(target, { announcedBytes: target.bodyLimit + 1, headers }),
        expected: TOO_LARGE,
      },
      {
        what: 'in chunks',
        asked: asking(target, { chunkedBytes: target.bodyLimit + 1, headers }),
        expected: TOO_LARGE,
      },
    ],
  },
]

const STREAM_BYTES_MAX = 1024 ** 3

const streamsFor = ({ declared: { body } }: Target): readonly (Sent & Expected)[] => {
  const [type = ''] = isStreamBody(body) ? body.contentTypes : []
  const headers = { 'content-type': type }
  return [
    {
      what: 'another type',
      body: '{}',
      headers: { 'content-type': 'text/plain' },
      status: 415,
      label: 'unsupported-media-type',
    },
    { what: 'no type', body: 'aaaaaaaa', status: 415, label: 'unsupported-media-type' },
    ...BOMBS.map((bomb) => ({ ...bomb, headers: { ...headers, ...bomb.headers }, ...NOT_COMPRESSED })),
    ...GARBAGE.map((garbage) => ({ what: type, body: garbage, headers, status: 400, label: 'client-error' })),
  ]
}

const typeFor = ({ declared: { body } }: Target): Headers => ({
  'content-type': isStreamBody(body) ? (body.contentTypes[0] ?? '') : '',
})

const NOT_COMPRESSED: Expected = { status: 415, label: 'unsupported-media-type' }

const bytesFor = ({ declared: { body } }: Target): readonly (Sent & Expected)[] => {
  const types = isBytesBody(body) ? body.contentTypes : []
  return [
    {
      what: 'another type',
      body: '{}',
      headers: { 'content-type': 'text/plain' },
      status: 415,
      label: 'unsupported-media-type',
    },
    { what: 'no type', body: 'aaaaaaaa', status: 415, label: 'unsupported-media-type' },
    ...types.flatMap((type) =>
      GARBAGE.map((garbage) => ({ what: type, body: garbage, headers: { 'content-type': type }, ...BAD_REQUEST })),
    ),
  ]
}

const GARBAGE = ['', '{}', new Uint8Array(1_000), new Uint8Array(1_000).fill(0xff), new Uint8Array(1_000).fill(0x0a)]

const sending = (target: Target, { what, body, headers }: Sent, expected: Expected, caller: Headers): Attempt => ({
  what,
  asked: asking(target, { body, headers: { ...headers, ...caller } }),
  expected,
})

/** Whoever sends it: what the declaration takes may have an effect, the rest must have none. */
const sendingEither = (target: Target, { what, body }: Sent, { refused, taken }: Callers): Attempt => {
  const isTaken = jsonBodyOf(target)?.safeParse(JSON.parse(String(body))).success === true
  const asked = asking(target, { body, headers: isTaken ? taken : refused })
  return { what, asked, ...(!isTaken && { expected: BAD_REQUEST }) }
}
