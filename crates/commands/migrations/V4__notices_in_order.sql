-- The order in which notices were asked for. One person is told in this order.
alter table commands.notices add column number bigint generated always as identity;

create unique index notices_number on commands.notices (number);
create index notices_state on commands.notices (state, number);
create index notices_recipient on commands.notices (channel, recipient, number)
    where state = 'pending';
