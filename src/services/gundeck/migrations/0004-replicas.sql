-- Processes that have to be told of what others store. Who ended without a word is taken off after a while.
create table gundeck.replicas (
  id uuid primary key,
  seen_at timestamptz not null
);

-- Those of a release that knew of no list may run beside us while they are replaced: for a day they are told too.
insert into gundeck.replicas (id, seen_at)
select gen_random_uuid(), now() + interval '1 day' where exists (select from gundeck.clocks);
