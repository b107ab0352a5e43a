-- Remote backends added while running; those of the configuration are not here.
create table brig.remotes (
  domain text collate "C" primary key,
  search_policy text not null check (search_policy in ('no_search', 'exact_handle_search', 'full_search')),
  restriction text not null check (restriction in ('allow_all', 'restrict_by_team'))
);

create table brig.remote_teams (
  domain text not null references brig.remotes on delete cascade,
  team_id uuid not null,
  primary key (domain, team_id)
);
