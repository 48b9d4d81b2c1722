-- Which facts have the request at their beginning in common, and where they stand. What they say
-- stays in the log.
create table shared.timeline (
    correlation_id   uuid   not null,
    commit_position  bigint not null,
    prepare_position bigint not null,
    stream           text   not null,
    version          bigint not null,
    primary key (correlation_id, commit_position, prepare_position)
);
