-- What is to be asked at a later time. A row lives until it was asked or cancelled.
create table commands.timers (
    key      text        primary key,
    context  text        not null,
    -- When it fires; while somebody is firing it, when the next one may try.
    due      timestamptz not null,
    ask      jsonb       not null,
    cause    jsonb       not null,
    -- Tries begun.
    attempts integer     not null default 0
);

create index timers_due on commands.timers (due);
