-- The archives of a log from which the followers' places were carried over, so that it is done once.
create table consumers.moves (
    archive  uuid        primary key,
    moved_at timestamptz not null default now()
);
