-- The read models of the restaurant. A table has exactly the columns of its row type, key first.
create schema restaurant;

create table restaurant.my_page (
    order_id           text collate "C" primary key,
    restaurant_id      text        not null,
    restaurant_menu_id text        not null,
    customer_id        text        not null,
    qty                bigint      not null,
    order_status       text        not null,
    cook_status        text,
    delivery_status    text,
    ordered_at         timestamptz not null,
    received_at        timestamptz,
    cooked_at          timestamptz,
    shipped_at         timestamptz,
    delivered_at       timestamptz,
    cancelled_at       timestamptz,
    changed_at         timestamptz not null
);
create index on restaurant.my_page (customer_id, order_id);

create table restaurant.menus (
    id                 text collate "C" primary key,
    restaurant_id      text        not null,
    restaurant_menu_id text        not null,
    name               text        not null,
    price              bigint,
    stock              bigint      not null,
    reserved           bigint      not null,
    changed_at         timestamptz not null
);
create index on restaurant.menus (restaurant_id, id);
