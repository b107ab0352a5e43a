-- What a service has committed to tell, until it is told. Each writing service has these tables in its own schema, so
-- that a row here is in the same transaction as the change it tells of.
create table outbox (
  -- The order of a lane. Transactions that exclude each other (changes of one conversation lock its row) get rising
  -- numbers; between others there is no order to keep. One that commits late is read late and not lost, because what
  -- was delivered is deleted and nobody remembers a position.
  id bigint generated always as identity primary key,
  -- A backend domain, or '@local' for our own parts.
  lane text not null,
  -- JSON. Not jsonb: what was written is what is sent, byte for byte.
  letter text not null,
  enqueued_at timestamptz not null default now()
);

create index outbox_lane on outbox (lane, id);

-- What was given up, with the reason and everything needed to send it again. Only people delete here.
create table dead_letters (
  id bigint primary key,
  lane text not null,
  letter text not null,
  enqueued_at timestamptz not null,
  reason text not null,
  detail text not null,
  buried_at timestamptz not null default now()
);
