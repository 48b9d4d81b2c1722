-- What was answered to a request that came with an Idempotency-Key. One row per caller and key.
create table api.idempotency (
    caller text not null,
    key text not null,
    -- Of method, path and body: the same key for something else is a mistake.
    fingerprint uuid not null,
    -- Who is working on it, and until when others must believe so.
    owner uuid not null,
    leased_until timestamptz not null,
    -- Null until there is an answer worth keeping.
    status smallint,
    headers text[] not null default '{}',
    body bytea,
    expires_at timestamptz not null,
    primary key (caller, key)
);

create index idempotency_expires_at on api.idempotency (expires_at);
