-- One row per user: where his stream ends. Locked while notifications are added, by whichever replica adds them, so
-- that positions rise in the order of commits and a reader never sees a later one before an earlier one.
create table gundeck.clocks (
  user_id uuid primary key,
  -- Microseconds since 1970.
  at bigint not null,
  -- Counts without gaps; tells a replica whether it missed something between two positions.
  seq bigint not null
);

create table gundeck.notifications (
  user_id uuid not null,
  at bigint not null,
  push_id uuid not null,
  -- Number of the user's entry in the push.
  part integer not null,
  -- Empty: all of the user's clients.
  clients text[] not null,
  -- The token connection whose socket is skipped.
  origin_connection text,
  -- JSON array in ASCII, sent as it is. Not jsonb: nobody looks inside, and the text must not change.
  payload text not null,
  primary key (user_id, at),
  unique (user_id, push_id, part)
);

-- For the sweeper. Grows at its right end only.
create index notifications_at on gundeck.notifications (at);

-- Transient notifications too large for a note between replicas; there for seconds.
create unlogged table gundeck.transients (
  id uuid primary key,
  at bigint not null,
  body text not null
);
