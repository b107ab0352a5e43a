-- For each backend, ours too, which of its promises about the devices of its users still count: those that were got
-- under this number. It goes up before any of these devices changes (docs/decisions/device-promises.md). Rows are never
-- deleted: a number that begins anew could be one that somebody remembers.
create table galley.device_generations (
  domain text primary key,
  generation bigint not null default 0
);
