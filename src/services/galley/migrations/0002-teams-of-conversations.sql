-- The team that a conversation belongs to, if any; it never changes.
alter table galley.conversations add column team uuid;
