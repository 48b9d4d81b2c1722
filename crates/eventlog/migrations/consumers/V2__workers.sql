-- The processes that follow the log, and what each of them would do: so that they share the work.
create table consumers.workers (
    owner   uuid        primary key,
    wants   text[]      not null,
    seen_at timestamptz not null default now()
);
