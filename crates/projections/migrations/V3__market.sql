-- The read models of the market. A table has exactly the columns of its row type, key first.
create schema market;

create table market.item_info (
    item_no            text collate "C" primary key,
    item_name          text        not null,
    item_price         bigint      not null,
    item_status        text        not null,
    rental_status      text        not null,
    reservation_no     text,
    reservation_status text,
    customer_id        text,
    customer_name      text,
    payment_status     text        not null,
    changed_at         timestamptz not null
);
create index on market.item_info (item_status, item_no);
create index on market.item_info (customer_id, item_no);

create table market.reservations (
    reservation_no      text collate "C" primary key,
    item_no             text        not null,
    item_name           text,
    item_price          bigint,
    customer_id         text        not null,
    customer_name       text        not null,
    reservation_status  text        not null,
    reject_reason       text,
    payment_status      text        not null,
    paid_attempt        bigint      not null,
    rental_status       text        not null,
    reserved_at         timestamptz not null,
    confirmed_at        timestamptz,
    rejected_at         timestamptz,
    cancel_requested_at timestamptz,
    cancelled_at        timestamptz,
    paid_at             timestamptz,
    refunded_at         timestamptz,
    lent_at             timestamptz,
    returned_at         timestamptz,
    review_requested_at timestamptz,
    reviewed_at         timestamptz,
    changed_at          timestamptz not null
);
create index on market.reservations (item_no, reservation_no);
create index on market.reservations (customer_id, reservation_no);
create index on market.reservations (reservation_status, reservation_no);

create table market.payments (
    reservation_no  text collate "C" primary key,
    item_no         text        not null,
    payment_no      text,
    amount          bigint      not null,
    attempt         bigint      not null,
    payment_status  text        not null,
    failure         text,
    refunded_amount bigint      not null,
    requested_at    timestamptz not null,
    approved_at     timestamptz,
    failed_at       timestamptz,
    canceled_at     timestamptz,
    changed_at      timestamptz not null
);
create index on market.payments (item_no, reservation_no);
create index on market.payments (payment_status, reservation_no);

create table market.reviews (
    reservation_no text collate "C" primary key,
    item_no        text        not null,
    item_name      text        not null,
    customer_id    text        not null,
    customer_name  text        not null,
    score          bigint      not null,
    text           text,
    at             timestamptz not null
);
create index on market.reviews (item_no, reservation_no);
create index on market.reviews (customer_id, reservation_no);
