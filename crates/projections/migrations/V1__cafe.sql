-- The read models of the café. A table has exactly the columns of its row type, key first.
-- Keys sort by bytes, so that paging by key is the same under every locale.
create schema cafe;

create table cafe.order_status (
    order_id            text collate "C" primary key,
    product             text        not null,
    qty                 bigint      not null,
    price               bigint      not null,
    amount              bigint      not null,
    customer_id         text,
    status              text        not null,
    payment_status      text        not null,
    attempt             bigint      not null,
    refunded_amount     bigint      not null,
    selected_at         timestamptz not null,
    paid_at             timestamptz,
    accepted_at         timestamptz,
    rejected_at         timestamptz,
    cancel_requested_at timestamptz,
    canceled_at         timestamptz,
    refunded_at         timestamptz,
    made_at             timestamptz,
    picked_up_at        timestamptz,
    changed_at          timestamptz not null
);
create index on cafe.order_status (customer_id, order_id);
create index on cafe.order_status (status, order_id);

create table cafe.tickets (
    order_id     text collate "C" primary key,
    product      text,
    qty          bigint,
    customer_id  text,
    status       text        not null,
    reason       text,
    opened_at    timestamptz,
    answered_at  timestamptz,
    made_at      timestamptz,
    picked_up_at timestamptz,
    changed_at   timestamptz not null
);
create index on cafe.tickets (status, order_id);
create index on cafe.tickets (customer_id, order_id);

create table cafe.points (
    customer_id text collate "C" primary key,
    name        text        not null,
    valid       boolean     not null,
    point       bigint      not null,
    last_order  text,
    changed_at  timestamptz not null
);

create table cafe.point_ledger (
    entry_id    text collate "C" primary key,
    customer_id text        not null,
    order_id    text        not null,
    delta       bigint      not null,
    balance     bigint      not null,
    at          timestamptz not null
);
create index on cafe.point_ledger (customer_id, entry_id);
create index on cafe.point_ledger (order_id, entry_id);

create table cafe.menu (
    product    text collate "C" primary key,
    price      bigint      not null,
    changed_at timestamptz not null
);
