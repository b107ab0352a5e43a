/** What the RPCs of several components have in common (federation-api.md §1, §2, §4.4). */
import { z } from 'zod'
import { ClientId, Domain, type QualifiedUserId, UserId } from '../ids.ts'
import { base64, map, orDefault, set } from '../shapes.ts'
import {
  CLIENTS_PER_USER_MAX,
  DOMAINS_MAX,
  EXTENSIONS_MAX,
  GROUP_ID_BYTES_MAX,
  RPC_NAME_CHARACTERS_MAX,
  USERS_PER_LIST_MAX,
  VERSIONS_MAX,
} from './limits.ts'

/** "No content": any object is read, nothing else; `{}` is written. */
export const EmptyResponse = z.object({})
export type EmptyResponse = z.infer<typeof EmptyResponse>

/** Nothing at all, as the request of `api-version` and inside {@link either}. */
export const Unit = z.tuple([])
export type Unit = z.infer<typeof Unit>

/** Exactly one of the two keys; `Left` is what went wrong. */
export const either = <L extends z.ZodType, R extends z.ZodType>(left: L, right: R) =>
  z.union([z.strictObject({ Left: left }), z.strictObject({ Right: right })])

/** One alternative of a sum type that carries no data. */
export const alternative = <T extends string>(tag: T) => z.object({ tag: z.literal(tag) })

/** One alternative of a sum type with its data. */
export const alternativeWith = <T extends string, C extends z.ZodType>(tag: T, contents: C) =>
  z.object({ tag: z.literal(tag), contents })

/** `supported` is for peers whose negotiation is broken: always `[0, 1]`, and ignored when read. */
const LegacyVersions = z.tuple([z.literal(0), z.literal(1)])

/**
 * Versions that nobody heard of are numbers like others, to be ignored in the negotiation; a peer that names none
 * speaks version 0 (federation-transport.md §12).
 */
export const VersionInfo = z.object({
  supported: LegacyVersions.catch([0, 1]),
  supported_versions: orDefault(z.array(z.int()).max(VERSIONS_MAX), [0]),
  /** Of ours, which other implementations neither send nor read. */
  comity_extensions: z.array(z.string().max(RPC_NAME_CHARACTERS_MAX)).max(EXTENSIONS_MAX).optional().catch(undefined),
})
export type VersionInfo = z.infer<typeof VersionInfo>

/** MLS group ids are opaque bytes to everybody but their owner. */
export const GroupId = base64(GROUP_ID_BYTES_MAX)
export type GroupId = z.infer<typeof GroupId>

/** Some backends. */
export const Domains = z.array(Domain).max(DOMAINS_MAX)

export const ClientIds = set(ClientId, CLIENTS_PER_USER_MAX)

/** Client ids by user. */
export const UserClients = map(UserId, ClientIds, USERS_PER_LIST_MAX)
export type UserClients = z.infer<typeof UserClients>

/** Client ids by domain and user. */
export const QualifiedUserClients = map(Domain, UserClients, DOMAINS_MAX)
export type QualifiedUserClients = z.infer<typeof QualifiedUserClients>

/** Something for each client of each user. */
export const userClientMap = <T extends z.ZodType>(value: T, usersMax: number) =>
  map(UserId, map(ClientId, value, CLIENTS_PER_USER_MAX), usersMax)

const Identified = z
  .looseObject({ qualified_id: z.looseObject({ id: z.unknown() }) })
  .transform((value) => ({ ...value, id: value.qualified_id.id }))

/**
 * `id` is a deprecated duplicate that is written but not read: it is taken from `qualified_id`, so that the two
 * cannot contradict each other.
 */
export const withOwnId = <T extends z.ZodType<{ qualified_id: QualifiedUserId; id: UserId }>>(schema: T) =>
  z.preprocess((value) => Identified.safeParse(value).data ?? value, schema)
