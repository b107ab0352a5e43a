create table brig.clients (
  user_id uuid not null references brig.users on delete cascade,
  -- Hexadecimal, as on the wire.
  id text not null,
  type text not null check (type in ('permanent', 'temporary')),
  class text,
  label text,
  model text,
  -- Label of the cookie that the device logged in with.
  cookie text,
  capabilities jsonb not null,
  -- Text by scheme, exactly as received.
  mls_public_keys jsonb not null,
  created_at timestamptz not null,
  last_active timestamptz,
  primary key (user_id, id)
);

-- A row is deleted by handing it out, except the last resort, which has id 65535.
create table brig.prekeys (
  user_id uuid not null,
  client_id text not null,
  id integer not null,
  key text not null,
  primary key (user_id, client_id, id),
  foreign key (user_id, client_id) references brig.clients on delete cascade
);
