-- Six digits that were mailed, at most one for each purpose and subject.
create table brig.codes (
  purpose text not null check (purpose in ('activation', 'password-reset', 'deletion')),
  -- What the code is asked for by: derived from the address or the account, or random.
  key text not null,
  -- SHA-256 over purpose, key and digits. It does not hide six digits for long, but nobody reads them in passing.
  code_hash bytea not null,
  -- The account it is for; none before there is one.
  user_id uuid references brig.users on delete cascade,
  -- For activation: the address, as typed and as compared.
  email text,
  email_key text,
  attempts integer not null default 0,
  expires_at timestamptz not null,
  primary key (purpose, key)
);

create index codes_user on brig.codes (user_id);
create index codes_expiry on brig.codes (expires_at);

-- An address that was given and not yet shown to be the user's.
alter table brig.users
  add column email_unvalidated text;
