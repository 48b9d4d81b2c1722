-- Parts that staff paused for maintenance, in force on every process.
create table commands.paused (
    part  text        primary key,
    since timestamptz not null default now(),
    note  text
);
