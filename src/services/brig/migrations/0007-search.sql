-- What people are found by: each row is a text whose beginning somebody may type. Written in the transaction that changes
-- the user, and for those who were there before in the background, while serving (search-upkeep.ts). Only for those who
-- may be found: a user who is hidden, suspended or gone has no rows.
create table brig.search_texts (
  user_id uuid not null references brig.users on delete cascade,
  -- Folded (search-texts.ts). Collation "C", so that an ordinary index serves prefixes, in any database.
  text text collate "C" not null,
  -- As in the user's row and the team's, because a search must not read what it may not show, however much that is.
  team_id uuid,
  is_inbound_searchable boolean not null,
  primary key (user_id, text)
);

-- One for each group of people that a searcher may see; the index has all that a search reads, in the order it is shown.
create index search_texts_teamless on brig.search_texts (text, user_id) where team_id is null;
create index search_texts_inbound on brig.search_texts (text, user_id) where is_inbound_searchable;
create index search_texts_team on brig.search_texts (team_id, text, user_id) where team_id is not null;

-- How far the writing of rows for older users has come. A row for each form that texts have had.
create table brig.search_progress (
  form integer primary key,
  -- The last user done, in the order of ids.
  after uuid,
  is_complete boolean not null
);

-- Names are compared in the table above.
alter table brig.users drop column name_key;
