-- The request that a notice follows from, where its trace is collected.
alter table commands.notices add column correlation_id uuid;
