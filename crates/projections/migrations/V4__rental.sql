-- The read models of the rental.
create schema rental;

create table rental.total_view (
    order_id                       text collate "C" primary key,
    product_id                     text not null,
    product_name                   text not null,
    qty                            bigint not null,
    amount                         bigint not null,
    customer_id                    text,
    status                         text not null,
    last_event                     text not null,
    refunded_amount                bigint not null,
    shipment_id                    text,
    cancelled_by                   text,
    cancel_reason                  text,
    rental_requested               boolean not null,
    rental_requested_at            timestamptz,
    stock_reserved                 boolean not null,
    stock_reserved_at              timestamptz,
    stock_confirmed                boolean not null,
    stock_confirmed_at             timestamptz,
    fee_received                   boolean not null,
    fee_received_at                timestamptz,
    delivery_started               boolean not null,
    delivery_started_at            timestamptz,
    item_delivered                 boolean not null,
    item_delivered_at              timestamptz,
    rental_completed               boolean not null,
    rental_completed_at            timestamptz,
    inventory_stock_shortage       boolean not null,
    inventory_stock_shortage_at    timestamptz,
    stock_missing                  boolean not null,
    stock_missing_at               timestamptz,
    fee_declined                   boolean not null,
    fee_declined_at                timestamptz,
    rental_cancellation_occured    boolean not null,
    rental_cancellation_occured_at timestamptz,
    fee_refund_completed           boolean not null,
    fee_refund_completed_at        timestamptz,
    delivery_stopped               boolean not null,
    delivery_stopped_at            timestamptz,
    retrieve_started               boolean not null,
    retrieve_started_at            timestamptz,
    retrieve_completed             boolean not null,
    retrieve_completed_at          timestamptz,
    stock_released                 boolean not null,
    stock_released_at              timestamptz,
    stock_returned                 boolean not null,
    stock_returned_at              timestamptz,
    changed_at                     timestamptz not null
);
create index on rental.total_view (customer_id, order_id);
create index on rental.total_view (product_id, order_id);
create index on rental.total_view (status, order_id);

create table rental.orders (
    order_id      text collate "C" primary key,
    product_id    text not null,
    product_name  text not null,
    qty           bigint not null,
    amount        bigint not null,
    customer_id   text,
    status        text not null,
    cancelled_by  text,
    cancel_reason text,
    requested_at  timestamptz not null,
    confirmed_at  timestamptz,
    completed_at  timestamptz,
    cancelled_at  timestamptz,
    changed_at    timestamptz not null
);
create index on rental.orders (customer_id, order_id);
create index on rental.orders (product_id, order_id);
create index on rental.orders (status, order_id);

create table rental.inventory (
    product_id   text collate "C" primary key,
    product_name text not null,
    qty          bigint not null,
    reserved     bigint not null,
    missing      bigint not null,
    unit_fee     bigint,
    changed_at   timestamptz not null
);
create index on rental.inventory (product_name, product_id);
