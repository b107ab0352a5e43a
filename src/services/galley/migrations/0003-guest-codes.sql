-- The links by which people join conversations; at most one each.
create table galley.guest_codes (
  conversation uuid primary key references galley.conversations (id) on delete cascade,
  key text not null unique,
  code text not null,
  -- With its salt and parameters; null when the link alone suffices.
  password_hash text,
  expires_at timestamptz not null
);
