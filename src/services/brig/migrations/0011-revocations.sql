-- What ends access tokens before their time: those of a user, or of one of his devices, that were handed out until then.
-- Whoever checks tokens reads this often; rows are of no use any more when such a token would have expired by itself.
create table brig.revocations (
  user_id uuid not null,
  -- Null: all of the user's.
  client_id text,
  at timestamptz not null
);

create index revocations_at on brig.revocations (at);

-- Guests whose time is over are looked for.
create index users_expiring on brig.users (expires_at) where expires_at is not null;
