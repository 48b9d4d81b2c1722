-- One row: its lock is the sequencer, so that positions are gap-free and in commit order.
create table eventlog.head (
    the_one  boolean primary key default true check (the_one),
    position bigint  not null
);
insert into eventlog.head (position) values (0);

create table eventlog.events (
    position       bigint      primary key,
    stream         text        not null,
    version        bigint      not null,
    id             uuid        not null,
    type           text        not null,
    schema_version smallint    not null,
    payload        json        not null,
    command_id     uuid        not null,
    correlation_id uuid        not null,
    causation_id   uuid,
    actor          text        not null,
    at             timestamptz not null,
    unique (stream, version)
);

create function eventlog.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'events are never changed or deleted';
end
$$;
create trigger append_only before update or delete or truncate on eventlog.events
    for each statement execute function eventlog.refuse_change();
