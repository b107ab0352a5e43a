-- The conversation of this backend whose members a group took over when it was created; it never changes.
alter table galley.conversations add column parent uuid;
