-- Where each follower of the log stands, and who may move it.
create table consumers.checkpoints (
    name             text        primary key,
    commit_position  bigint      not null default 0,
    prepare_position bigint      not null default 0,
    owner            uuid,
    fence            bigint      not null default 0,
    expires_at       timestamptz,
    progressed_at    timestamptz not null default now()
);

-- Events that a follower could not handle yet, in the order of their streams. The first row of a
-- stream says why (waiting, retry, poison); those after it stand behind.
create table consumers.parked (
    consumer         text        not null references consumers.checkpoints (name),
    stream           text        not null,
    version          bigint      not null,
    event_id         uuid        not null,
    event_type       text        not null,
    commit_position  bigint      not null,
    prepare_position bigint      not null,
    state            text        not null check (state in ('waiting', 'retry', 'poison', 'behind')),
    part             text,
    reason           text        not null,
    attempts         integer     not null default 0,
    due              timestamptz not null default now(),
    parked_at        timestamptz not null default now(),
    primary key (consumer, stream, version)
);
create index parked_heads on consumers.parked (consumer, state, due) where state <> 'behind';

-- What was skipped by hand, and why.
create table consumers.skipped (
    consumer   text        not null,
    stream     text        not null,
    version    bigint      not null,
    event_id   uuid        not null,
    reason     text        not null,
    skipped_at timestamptz not null default now(),
    primary key (consumer, stream, version)
);
