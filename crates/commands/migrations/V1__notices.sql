-- The outbox: messages to customers, one for each fact that asks for one.
create table commands.notices (
    fact_id    uuid        primary key,
    channel    text        not null,
    recipient  text        not null,
    body       text        not null,
    state      text        not null default 'pending' check (state in ('pending', 'sent', 'dead')),
    -- Tries begun. A try that never ended, because its process died, counts.
    attempts   integer     not null default 0,
    -- When the next try may begin.
    due        timestamptz not null default now(),
    created_at timestamptz not null default now(),
    sent_at    timestamptz,
    last_error text
);

create index notices_due on commands.notices (due) where state = 'pending';
