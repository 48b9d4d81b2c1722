-- Whose names and telephone numbers can be read: docs/personal-data.md.
create schema people;

-- One key for each person, which seals what is personal of them. It is wrapped by a master key that is
-- not in the database. Without it what it sealed cannot be read any more.
create table people.keys (
    key_id       uuid        primary key,
    -- The id of a customer, or of what a guest asked for, as cafe.order:o1.
    person       text        not null,
    -- Null once the person is forgotten.
    wrapped      bytea,
    -- The id of the master key.
    master       text        not null,
    made_at      timestamptz not null default now(),
    forgotten_at timestamptz,
    check ((wrapped is null) = (forgotten_at is not null))
);

create unique index keys_live on people.keys (person) where wrapped is not null;
create index keys_master on people.keys (master, key_id) where wrapped is not null;

-- What was answered to those who wanted to be forgotten.
create table people.receipts (
    receipt_id uuid        primary key,
    person     text        not null,
    -- How many were destroyed.
    keys       bigint      not null,
    at         timestamptz not null default now()
);

create index receipts_person on people.receipts (person, at);

-- The master keys that were ever used. Each has wrapped a canary, by which it is known again.
create table people.masters (
    id      text        primary key,
    canary  bytea       not null,
    made_at timestamptz not null default now()
);
