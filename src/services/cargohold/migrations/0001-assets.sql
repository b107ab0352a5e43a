-- The bytes lie elsewhere, under the asset's id. Its row is there before them and goes after them, so there are never
-- bytes that nobody knows of: `arriving` while they come in, `there` once they are kept, `leaving` until they are gone.
create table cargohold.assets (
  id uuid primary key,
  retention smallint not null check (retention between 1 and 5),
  owner uuid not null,
  -- SHA-256 of the token; null: public.
  token_hash bytea,
  bytes bigint not null check (bytes > 0),
  state text not null check (state in ('arriving', 'there', 'leaving')),
  created_at timestamptz not null,
  expires_at timestamptz
);

-- For the sweeper.
create index assets_expiring on cargohold.assets (expires_at) where state = 'there' and expires_at is not null;
create index assets_unsettled on cargohold.assets (created_at) where state <> 'there';
