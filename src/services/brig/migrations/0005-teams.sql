create table brig.teams (
  id uuid primary key,
  name text not null,
  -- An asset key, or 'default'.
  icon text not null,
  icon_key text,
  creator uuid not null,
  -- Whom members find by name outside the team, and whether they are found so themselves.
  search_visibility text not null default 'standard' check (search_visibility in ('standard', 'no-name-outside-team')),
  is_inbound_searchable boolean not null default false,
  has_guest_links boolean not null default true,
  created_at timestamptz not null
);

-- A user is in one team at most, so membership is a matter of the user's row.
alter table brig.users
  add column team_id uuid references brig.teams,
  add column team_role text check (team_role in ('owner', 'admin', 'member', 'partner')),
  add column team_invited_by uuid,
  add column team_joined_at timestamptz,
  -- False: no search finds the user, by handle or by name.
  add column is_searchable boolean not null default true,
  add check ((team_id is null) = (team_role is null)),
  add check ((team_id is null) = (team_joined_at is null));

create index users_team on brig.users (team_id, id) where team_id is not null;

-- Deleted when somebody registers with the code.
create table brig.team_invitations (
  id uuid primary key,
  team_id uuid not null references brig.teams,
  email text not null,
  email_key text not null,
  name text,
  role text not null check (role in ('owner', 'admin', 'member', 'partner')),
  code text not null unique,
  created_by uuid not null,
  created_at timestamptz not null,
  unique (team_id, email_key)
);
