-- A row is deleted by handing it out.
create table brig.key_packages (
  user_id uuid not null,
  client_id text not null,
  suite integer not null,
  -- Hash of the package, by which clients name it. Claims go by it too: the order of hashes says nothing about who
  -- made a package, and when.
  ref bytea not null,
  data bytea not null,
  expires_at timestamptz not null,
  primary key (user_id, client_id, suite, ref),
  foreign key (user_id, client_id) references brig.clients on delete cascade
);
