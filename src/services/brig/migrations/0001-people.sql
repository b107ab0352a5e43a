create table brig.users (
  id uuid primary key,
  name text not null,
  -- Lower case, for searching. A column of its own because what lower() does depends on the server's locale.
  name_key text collate "C" not null,
  handle text collate "C" unique,
  -- As typed, for showing; and the form in which an address can be taken only once.
  email text,
  email_key text unique,
  -- PHC string with the parameters it was made with.
  password_hash text,
  accent_id integer not null,
  locale text not null,
  text_status text,
  assets jsonb not null,
  supported_protocols jsonb not null,
  status text not null check (status in ('active', 'suspended', 'deleted', 'ephemeral')),
  expires_at timestamptz,
  created_at timestamptz not null
);

-- For prefixes; collation "C" lets an ordinary index serve them.
create index users_name_key on brig.users (name_key);

-- One row per session. The cookie's text is signed and names this row; a row that is gone ends the session.
create table brig.cookies (
  user_id uuid not null references brig.users on delete cascade,
  -- uint32
  id bigint not null,
  type text not null check (type in ('session', 'persistent')),
  label text,
  -- The device that the session is bound to. Here and not only in the cookie: some clients never take a new one.
  client_id text,
  successor bigint,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (user_id, id)
);

-- Wrong passwords since the first of the present window; the right one ends the window.
create table brig.login_failures (
  user_id uuid primary key references brig.users on delete cascade,
  failures integer not null,
  since timestamptz not null
);

-- Ed25519 keys of this backend, made at the first start.
create table brig.signing_keys (
  purpose text not null check (purpose in ('access-token', 'mls-removal')),
  -- From 1; tokens name their key by it, and the highest one signs.
  index integer not null,
  -- PKCS #8, DER.
  private_key bytea not null,
  created_at timestamptz not null,
  primary key (purpose, index)
);

create table brig.properties (
  user_id uuid not null references brig.users on delete cascade,
  key text collate "C" not null,
  -- JSON. Not jsonb: nobody looks inside, and jsonb cannot hold every string that JSON can.
  value text not null,
  primary key (user_id, key)
);
