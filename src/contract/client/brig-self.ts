/** One's own profile, handle and settings (client-users.md §2, §4, §8). */
import { z } from 'zod'
import { Name } from '#src/contract/ids.ts'
import { anyJson, opaqueText, set } from '#src/contract/shapes.ts'
import { AccentId, BaseProtocol } from '#src/contract/vocabulary.ts'
import { answer, empty, endpoint, failure } from '#src/kit/endpoint.ts'
import {
  FREE_HANDLES_MAX,
  HANDLE_CANDIDATES_MAX,
  LABEL_CHARACTERS_MAX,
  PROPERTIES_MAX,
  PROPERTY_BODY_BYTES_MAX,
  PROPERTY_KEY_CHARACTERS_MAX,
  PROPERTY_LEVELS_MAX,
  PROTOCOLS_MAX,
} from './brig-limits.ts'
import { Locale, optionally, ProfileAssets, SelfProfile, TextStatus } from './brig-people.ts'

/** Only bounded: what is no handle is refused with a label of its own. */
const HandleText = z.string().max(2 * LABEL_CHARACTERS_MAX)

const invalidHandle = failure(400, 'invalid-handle', 'This cannot be a handle')
const nobody = failure(404, 'not-found', 'There is no such user')

const profile = {
  'get-self': endpoint('My profile.', {
    method: 'GET',
    path: '/self',
    access: 'token',
    answers: { found: answer(200, SelfProfile), 'not-found': nobody },
  }),

  'update-self': endpoint('Change my profile; what is left out stays.', {
    method: 'PUT',
    path: '/self',
    access: 'token',
    body: z.object({
      name: optionally(Name),
      text_status: optionally(TextStatus),
      accent_id: optionally(AccentId),
      assets: optionally(ProfileAssets),
    }),
    answers: { updated: empty(200), 'not-found': nobody },
  }),

  'get-own-name': endpoint('My name.', {
    method: 'GET',
    path: '/self/name',
    access: 'token',
    answers: { found: answer(200, z.object({ name: Name })), 'not-found': nobody },
  }),

  'update-locale': endpoint('Change my language.', {
    method: 'PUT',
    path: '/self/locale',
    access: 'token',
    body: z.object({ locale: Locale }),
    answers: { updated: empty(200), 'not-found': nobody },
  }),

  'update-supported-protocols': endpoint('Say by which protocols I can be reached.', {
    method: 'PUT',
    path: '/self/supported-protocols',
    access: 'token',
    body: z.object({ supported_protocols: set(BaseProtocol, PROTOCOLS_MAX) }),
    answers: {
      updated: empty(200),
      'mls-cannot-be-removed': failure(409, 'mls-protocol-error', 'MLS protocol cannot be removed'),
    },
  }),
}

const handles = {
  'claim-handle': endpoint('Take a handle, and free the one I had.', {
    method: 'PUT',
    path: '/self/handle',
    access: 'token',
    body: z.object({ handle: HandleText }),
    answers: {
      claimed: empty(200),
      'invalid-handle': invalidHandle,
      'no-identity': failure(403, 'no-identity', 'An account without verified address cannot have a handle'),
      'handle-exists': failure(409, 'handle-exists', 'This handle is taken'),
    },
  }),

  'check-handle': endpoint('Is a handle taken?', {
    method: 'HEAD',
    path: '/handles/{handle}',
    access: 'token',
    params: z.object({ handle: HandleText }),
    aliases: [{ path: '/users/handles/{handle}' }],
    answers: {
      taken: empty(200),
      free: failure(404, 'not-found', 'This handle is free'),
      'invalid-handle': invalidHandle,
    },
  }),

  'find-free-handles': endpoint('Which of these handles are free?', {
    method: 'POST',
    path: '/handles',
    access: 'token',
    body: z.object({
      handles: z.array(HandleText).min(1).max(HANDLE_CANDIDATES_MAX),
      return: optionally(z.int().min(1).max(FREE_HANDLES_MAX)),
    }),
    aliases: [{ path: '/users/handles' }],
    answers: { found: answer(200, z.array(z.string()).max(FREE_HANDLES_MAX)) },
  }),
}

/** Longer than is allowed, so that the one who stores it is told so in the protocol's words. */
const PropertyKey = z.object({ key: opaqueText(8 * PROPERTY_KEY_CHARACTERS_MAX) })
const Properties = z.record(z.string(), z.unknown())

const properties = {
  'list-properties': endpoint('The names of my stored settings.', {
    method: 'GET',
    path: '/properties',
    access: 'token',
    answers: { found: answer(200, z.array(z.string()).max(PROPERTIES_MAX)) },
  }),

  'get-properties': endpoint('All my stored settings.', {
    method: 'GET',
    path: '/properties-values',
    access: 'token',
    answers: { found: answer(200, Properties) },
  }),

  'get-property': endpoint('One of my stored settings.', {
    method: 'GET',
    path: '/properties/{key}',
    access: 'token',
    params: PropertyKey,
    // Not an error object: stock clients take the bare status for "use the default" (client-api-versions.md §5.3).
    answers: { found: answer(200, z.unknown()), 'not-set': empty(404) },
  }),

  'set-property': endpoint('Store a setting, whatever its value means.', {
    method: 'PUT',
    path: '/properties/{key}',
    access: 'token',
    params: PropertyKey,
    body: anyJson(PROPERTY_LEVELS_MAX),
    bodyLimit: PROPERTY_BODY_BYTES_MAX,
    answers: {
      stored: empty(200),
      'too-many': failure(403, 'too-many-properties', 'Too many settings are stored already'),
      'key-too-large': failure(403, 'property-key-too-large', 'The name of a setting is short ASCII text'),
      'value-too-large': failure(403, 'property-value-too-large', 'The value of this setting is too large'),
    },
  }),

  'delete-property': endpoint('Forget a stored setting.', {
    method: 'DELETE',
    path: '/properties/{key}',
    access: 'token',
    params: PropertyKey,
    answers: { deleted: empty(200) },
  }),

  'clear-properties': endpoint('Forget all my stored settings.', {
    method: 'DELETE',
    path: '/properties',
    access: 'token',
    answers: { deleted: empty(200) },
  }),
}

export const brigSelf = { ...profile, ...handles, ...properties }
