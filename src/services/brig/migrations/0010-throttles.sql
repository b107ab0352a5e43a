-- How often something was tried within the present window. Who tries is part of the subject, so that nobody's tries are
-- counted against somebody else.
create table brig.throttles (
  kind text not null,
  subject text collate "C" not null,
  count integer not null,
  since timestamptz not null,
  primary key (kind, subject)
);

create index throttles_since on brig.throttles (since);

drop table brig.login_failures;

-- From where an account was entered with success: there its owner is let in while strangers guess from many places.
create table brig.login_addresses (
  user_id uuid not null references brig.users on delete cascade,
  network text collate "C" not null,
  last_at timestamptz not null,
  primary key (user_id, network)
);
