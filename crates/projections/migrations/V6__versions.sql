-- How many events the stream of a row had: 0 until the row is folded again. Programs from before write
-- what they know, and a table that they are rebuilding or have replaced stays usable.
alter table cafe.order_status add column version bigint not null default 0;
alter table if exists cafe.order_status__old add column if not exists version bigint not null default 0;
alter table if exists cafe.order_status__shadow add column if not exists version bigint not null default 0;
alter table cafe.tickets add column version bigint not null default 0;
alter table if exists cafe.tickets__old add column if not exists version bigint not null default 0;
alter table if exists cafe.tickets__shadow add column if not exists version bigint not null default 0;
alter table cafe.points add column version bigint not null default 0;
alter table if exists cafe.points__old add column if not exists version bigint not null default 0;
alter table if exists cafe.points__shadow add column if not exists version bigint not null default 0;
alter table cafe.menu add column version bigint not null default 0;
alter table if exists cafe.menu__old add column if not exists version bigint not null default 0;
alter table if exists cafe.menu__shadow add column if not exists version bigint not null default 0;
alter table rental.orders add column version bigint not null default 0;
alter table if exists rental.orders__old add column if not exists version bigint not null default 0;
alter table if exists rental.orders__shadow add column if not exists version bigint not null default 0;
alter table rental.inventory add column version bigint not null default 0;
alter table if exists rental.inventory__old add column if not exists version bigint not null default 0;
alter table if exists rental.inventory__shadow add column if not exists version bigint not null default 0;
alter table restaurant.menus add column version bigint not null default 0;
alter table if exists restaurant.menus__old add column if not exists version bigint not null default 0;
alter table if exists restaurant.menus__shadow add column if not exists version bigint not null default 0;
alter table warehouse.stock add column version bigint not null default 0;
alter table if exists warehouse.stock__old add column if not exists version bigint not null default 0;
alter table if exists warehouse.stock__shadow add column if not exists version bigint not null default 0;
