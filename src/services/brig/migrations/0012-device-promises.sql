-- Who must be told before devices change, because he was promised it (docs/decisions/device-promises.md): other backends,
-- and our own galley under our own domain.
create table brig.device_watchers (
  domain text primary key,
  -- Whether something may still be promised to it. False only while it rests.
  is_watching boolean not null,
  -- By which round it is being forgotten. Asking again takes this away; otherwise it is forgotten when everything that was
  -- promised before the round is over.
  leaving uuid,
  -- It did not answer when it was told, and gets no promises until then.
  rests_until timestamptz
);

-- Changes of somebody's devices that are under way. The transaction of the change deletes its row, and fails if it is
-- gone: so whoever reads devices and finds no row knows that whatever changes later was begun later.
create table brig.device_changes (
  id uuid primary key,
  user_id uuid not null,
  begun_at timestamptz not null
);

create index device_changes_user on brig.device_changes (user_id);
