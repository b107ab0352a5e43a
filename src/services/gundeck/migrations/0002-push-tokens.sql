-- Where phones can be woken. The newer one of a transport, app and device replaces the older.
create table gundeck.push_tokens (
  user_id uuid not null,
  client text not null,
  transport text not null,
  app text not null,
  token text not null,
  -- Counts up; the smallest of a user gives way when there are too many.
  number bigint generated always as identity,
  primary key (user_id, client, transport, app)
);

-- A phone that changes hands takes its token along. The hash, because an index entry holds less than a token may.
create index push_tokens_token on gundeck.push_tokens (transport, app, md5(token));
