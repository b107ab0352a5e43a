-- One row per side that is ours: two for two users of this backend.
create table brig.connections (
  user_id uuid not null references brig.users on delete cascade,
  other_domain text collate "C" not null,
  other_id uuid not null,
  status text not null check (status in ('sent', 'pending', 'accepted', 'ignored', 'blocked', 'cancelled')),
  conversation_domain text not null,
  conversation_id uuid not null,
  last_update timestamptz not null,
  primary key (user_id, other_domain, other_id)
);

-- Whom to tell that a user changed, and who stands how with one other.
create index connections_other on brig.connections (other_domain, other_id, status);
