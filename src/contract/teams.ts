/** Teams: people of one backend who belong together. */
import { z } from 'zod'
import { TeamId, UserId } from './ids.ts'
import { text } from './shapes.ts'

/** `partner` is somebody from outside: he may do the least. */
export const TeamRole = z.enum(['owner', 'admin', 'member', 'partner'])
export type TeamRole = z.infer<typeof TeamRole>

export const TEAM_NAME_CHARACTERS_MAX = 256

export const TeamName = text(1, TEAM_NAME_CHARACTERS_MAX)

/** An asset key, or `default`. */
export const TeamIcon = text(1, TEAM_NAME_CHARACTERS_MAX)

/** Whom members find by name: with `no-name-outside-team` only each other. By handle everybody is found. */
export const TeamSearchVisibility = z.enum(['standard', 'no-name-outside-team'])
export type TeamSearchVisibility = z.infer<typeof TeamSearchVisibility>

export const FeatureStatus = z.enum(['enabled', 'disabled'])
export type FeatureStatus = z.infer<typeof FeatureStatus>

/** What our own parts need to know of a team. */
export const TeamSettings = z.object({
  id: TeamId,
  name: TeamName,
  creator: UserId,
  /** Whether others than members find its members by name. */
  searchVisibilityInbound: FeatureStatus,
  searchVisibility: TeamSearchVisibility,
  conversationGuestLinks: FeatureStatus,
})
export type TeamSettings = z.infer<typeof TeamSettings>
