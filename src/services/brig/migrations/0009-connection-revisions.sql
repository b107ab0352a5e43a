-- Counts what our own user and the other backend did to this side. What changed no status counts too: a step that was
-- told to the other backend meanwhile was decided without it, and is decided anew.
alter table brig.connections add column revision integer not null default 0;
