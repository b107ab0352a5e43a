-- One row per device that acknowledges what it gets. Its queue is the user's log from here on, so that nothing is
-- stored for it that is not stored anyway.
create table gundeck.streams (
  user_id uuid not null,
  client text not null,
  -- Everything up to this position is acknowledged.
  acknowledged bigint not null,
  -- Positions after it that are too.
  beyond bigint[] not null default '{}',
  -- Something expired before it was acknowledged: the device has to begin anew, and to say that it did.
  has_missed boolean not null default false,
  primary key (user_id, client)
);
