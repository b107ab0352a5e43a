-- What a row is about, as numbers that are compared and mean nothing: rows of a lane that share one are delivered in
-- their order, others at the same time. Rows that say nothing are about the same.
alter table outbox add column topics integer[] not null default '{0}';

-- A dead letter can be sent again in its lane, and shows what it was and what was answered.
alter table dead_letters
  add column topics integer[] not null default '{0}',
  add column request text not null default '',
  add column answer text not null default '';
create index dead_letters_lane on dead_letters (lane, id);

-- Lanes that rest until somebody lets them go on.
create table paused_lanes (
  lane text primary key,
  paused_at timestamptz not null default now()
);
