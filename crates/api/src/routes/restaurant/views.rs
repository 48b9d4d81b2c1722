//! Queries of the restaurant.

use crate::http::{
    access::EVERYBODY,
    operation::Routes,
    views::{
        Views,
        served::{Key, Served, Whose},
    },
};
use domain::{Id, restaurant::MenuId};
use projections::restaurant::{menus::Menus, my_page::MyPage};
use std::sync::Arc;

const MENU: Key = Key { unknown: "unknown-menu", example: "k.bibimbap" };
const ORDER: Key = Key { unknown: "unknown-order", example: "o-1" };

/// `mypages` is the original system's name of `my-page`.
pub fn routes() -> Routes<Arc<Views>> {
    let menus = Served::<Menus>::new(EVERYBODY, Whose::Everybodys)
        .list("/restaurant/menus", "What there is to eat, and how many portions are left")
        .one::<MenuId>("/restaurant/menus/{id}", "A dish, and how many portions are left", MENU);
    let orders = Served::<MyPage>::new(EVERYBODY, Whose::Of("customer_id"))
        .list("/restaurant/my-page", "Orders with cooking and delivery")
        .list("/restaurant/mypages", "Orders with cooking and delivery")
        .one::<Id>("/restaurant/my-page/{orderId}", "An order with cooking and delivery", ORDER)
        .one::<Id>("/restaurant/mypages/{orderId}", "An order with cooking and delivery", ORDER)
        .one::<Id>("/restaurant/orders/{orderId}", "An order with cooking and delivery", ORDER);
    menus.routes().merge(orders.routes())
}
