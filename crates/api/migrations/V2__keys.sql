-- Keys for machines. The key itself is shown once, when it is made, and stored nowhere.
create table api.keys (
    -- SHA-256 of the key.
    hash bytea primary key check (octet_length(hash) = 32),
    name text not null,
    role text not null,
    subject text not null,
    created_at timestamptz not null default now(),
    -- To the minute.
    last_used_at timestamptz,
    revoked_at timestamptz
);

-- A name is in use once; it may be given again when its key was revoked.
create unique index keys_name on api.keys (name) where revoked_at is null;
