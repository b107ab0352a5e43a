-- Conversations that this backend owns.
create table galley.conversations (
  id uuid primary key,
  -- 0 group, 1 self, 2 one-to-one, 3 connection requested.
  type smallint not null,
  -- A user of this backend.
  creator uuid not null,
  name text,
  access text[] not null,
  access_roles text[] not null,
  protocol text not null,
  -- Milliseconds.
  message_timer bigint,
  receipt_mode integer,
  -- Milliseconds since 1970 of the newest event. The next one is later, whatever the clock says: stock clients drop
  -- events that are not. The row is locked while an event gets its time, which also orders the events.
  last_event_at bigint not null,
  -- Counts changes of the members: whoever decided by an older state of them has to look again.
  members_revision integer not null default 0,
  -- Set while the creation waits for other backends to agree. A crash may leave it; then the creation is undone.
  unconfirmed_since timestamptz
);

create index conversations_unconfirmed on galley.conversations (unconfirmed_since) where unconfirmed_since is not null;

-- Members of those conversations, of this and of other backends.
create table galley.members (
  conversation uuid not null references galley.conversations (id) on delete cascade,
  domain text not null,
  user_id uuid not null,
  role text not null,
  -- What the member set up for himself. Kept here for users of this backend only.
  otr_muted_status integer,
  otr_muted_ref text,
  otr_archived boolean not null default false,
  otr_archived_ref text,
  hidden boolean not null default false,
  hidden_ref text,
  primary key (conversation, domain, user_id)
);

create index members_by_user on galley.members (domain, user_id, conversation);

-- Users of this backend in conversations that other backends own. The owner decides who is a member; this is what we
-- know of it, and nobody who is not here is ever told of anything in such a conversation.
create table galley.remote_memberships (
  domain text not null,
  conversation uuid not null,
  user_id uuid not null,
  otr_muted_status integer,
  otr_muted_ref text,
  otr_archived boolean not null default false,
  otr_archived_ref text,
  hidden boolean not null default false,
  hidden_ref text,
  -- One-to-one conversations only: whether the other one is in, as far as the connection tells.
  other_in boolean,
  primary key (domain, conversation, user_id)
);

create index remote_memberships_by_user on galley.remote_memberships (user_id, domain, conversation);

-- Notifications of other backends that were carried out. They repeat them when our answer is lost.
create table galley.heard (
  -- SHA-256 of origin, path, request id and body.
  key bytea primary key,
  at timestamptz not null
);

create index heard_at on galley.heard (at);
