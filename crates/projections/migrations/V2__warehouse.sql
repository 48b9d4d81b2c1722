-- The read models of the warehouse. A table has exactly the columns of its row type, key first.
create schema warehouse;

create table warehouse.stock (
    product        text collate "C" primary key,
    on_hand        bigint      not null,
    total_in       bigint      not null,
    total_shipped  bigint      not null,
    total_obsolete bigint      not null,
    last_event     text        not null,
    changed_at     timestamptz not null
);

create table warehouse.lots (
    delivery_id text collate "C" primary key,
    product     text        not null,
    customer_id text,
    qty_in      bigint      not null,
    qty_left    bigint      not null,
    status      text        not null,
    stocked_at  timestamptz not null,
    closed_at   timestamptz,
    changed_at  timestamptz not null
);
create index on warehouse.lots (product, delivery_id);
create index on warehouse.lots (customer_id, delivery_id);
create index on warehouse.lots (status, delivery_id);

create table warehouse.movements (
    movement_id text collate "C" primary key,
    product     text        not null,
    event       text        not null,
    delta       bigint      not null,
    balance     bigint      not null,
    delivery_id text,
    shipment_id text,
    reason      text,
    at          timestamptz not null
);
create index on warehouse.movements (product, movement_id);
