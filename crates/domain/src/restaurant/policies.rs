//! When this happened, ask that.
//!
//! Each ask has a name of its own, `when_<fact>_<request>`, from which the id of what is asked is
//! made: asking again, in any order, changes nothing.

use super::{CancelReason, MenuId, cook, delivery, menu, order};
use crate::{Aggregate, Fact, Id};
use serde::{Deserialize, Serialize};

/// What cancelling promises: that the order is cancelled when the cooking is.
pub const SYNC: &[&str] = &["when_cook_cancelled_cancel_order"];

/// What a fact asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Ask {
    Menu { id: MenuId, command: menu::Command },
    Order { id: Id, command: order::Command },
    Cook { id: Id, command: cook::Command },
    Delivery { id: Id, command: delivery::Command },
}

impl Ask {
    /// The part whose pause makes this wait.
    pub fn part(&self) -> &'static str {
        match self {
            Self::Menu { .. } => menu::Menu::CATEGORY,
            Self::Order { .. } => order::Order::CATEGORY,
            Self::Cook { .. } => cook::Cook::CATEGORY,
            Self::Delivery { .. } => delivery::Delivery::CATEGORY,
        }
    }
}

/// Each with the name of its policy.
pub type Asks = Vec<(&'static str, Ask)>;

/// What a fact of the restaurant asks for.
pub fn react(fact: &Fact<super::Event>) -> Asks {
    match &fact.event {
        super::Event::Menu(event) => to_menu(&fact.of, event),
        super::Event::Order(event) => to_order(&fact.of, event),
        super::Event::Cook(event) => to_cook(&fact.of, event),
        // Nobody waits for the courier.
        super::Event::Delivery(_) => vec![],
    }
}

/// What is not known by the kind of id that it should be asks for nothing, here and below.
fn to_menu(of: &str, event: &menu::Event) -> Asks {
    let Ok(menu) = MenuId::new(of) else {
        return vec![];
    };
    match event {
        menu::Event::PortionsReserved { order_id, qty, .. } => {
            let (id, qty) = (order_id.clone(), *qty);
            let command = cook::Command::Receive { menu, qty };
            vec![("when_portions_reserved_receive", Ask::Cook { id, command })]
        }
        menu::Event::CookQtyChecked { order_id, .. } => {
            let (id, reason) = (order_id.clone(), CancelReason::QtyOver);
            let command = cook::Command::Cancel { menu, reason };
            vec![("when_cook_qty_checked_cancel_cook", Ask::Cook { id, command })]
        }
        menu::Event::MenuAdded { .. }
        | menu::Event::Restocked { .. }
        | menu::Event::PortionsReleased { .. } => vec![],
    }
}

fn to_order(of: &str, event: &order::Event) -> Asks {
    let Ok(order_id) = Id::new(of) else {
        return vec![];
    };
    match event {
        order::Event::Ordered { menu, qty, .. } => {
            let (id, qty) = (menu.clone(), *qty);
            let command = menu::Command::Reserve { order_id, qty };
            vec![("when_ordered_reserve", Ask::Menu { id, command })]
        }
        order::Event::OrderCancelled | order::Event::OrderQtyOverCancelled => vec![],
    }
}

fn to_cook(of: &str, event: &cook::Event) -> Asks {
    let Ok(id) = Id::new(of) else {
        return vec![];
    };
    match event {
        cook::Event::Cooked => {
            let command = delivery::Command::Start;
            vec![("when_cooked_start_delivery", Ask::Delivery { id, command })]
        }
        cook::Event::CookCancelled { menu, reason } => cook_cancelled(id, menu.clone(), *reason),
        cook::Event::CookReceived { .. } => vec![],
    }
}

fn cook_cancelled(id: Id, menu: MenuId, reason: CancelReason) -> Asks {
    let command = match reason {
        CancelReason::Cancelled => order::Command::Cancel,
        CancelReason::QtyOver => order::Command::CancelForShortage,
    };
    let order = Ask::Order { id: id.clone(), command };
    let release = Ask::Menu { id: menu, command: menu::Command::Release { order_id: id.clone() } };
    let command = delivery::Command::Cancel { reason };
    vec![
        ("when_cook_cancelled_cancel_order", order),
        ("when_cook_cancelled_release", release),
        ("when_cook_cancelled_cancel_delivery", Ask::Delivery { id, command }),
    ]
}

#[cfg(test)]
mod tests;
