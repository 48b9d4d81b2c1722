-- Grows whenever what a consumer keeps was changed by something else than the events that follow its
-- checkpoint. Whoever follows along reads everything again then.
alter table consumers.checkpoints add column generation bigint not null default 0;
