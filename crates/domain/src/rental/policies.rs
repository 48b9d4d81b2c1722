//! When this happened, ask that: the saga.
//!
//! Each ask has a name of its own, `when_<fact>_<request>`, from which the id of what is asked is
//! made: asking again, in any order, changes nothing.

use super::{bill, inventory, order, shipment};
use crate::{Aggregate, Fact, Id, Instant};
use chrono::Duration;
use serde::{Deserialize, Serialize};

/// How long after a fee was cancelled to look whether it was charged after all.
const LATE_CHARGE_AFTER: Duration = Duration::minutes(1);

/// The stock check, which the answer to a request waits for.
pub const SYNC: &[&str] = &[
    "when_rental_requested_reserve",
    "when_stock_reserved_confirm_stock",
    "when_inventory_stock_shortage_cancel_for_shortage",
];

/// What a fact asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Ask {
    Inventory {
        product: Id,
        command: inventory::Command,
    },
    Order {
        id: Id,
        command: order::Command,
    },
    Bill {
        order: Id,
        command: bill::Command,
    },
    Shipment {
        order: Id,
        command: shipment::Command,
    },
    /// Charge the fee, and record what the gateway says.
    Collect {
        order: Id,
    },
    /// Give back what the bill says is due.
    GiveBack {
        order: Id,
    },
    /// Ask the gateway whether a fee that was cancelled was charged after all, and give it back.
    WatchLateCharge {
        order: Id,
    },
    /// Ask this when it is due. The first with a key wins.
    At {
        key: String,
        due: Instant,
        ask: Box<Ask>,
    },
}

impl Ask {
    /// The part whose pause makes this wait.
    pub fn part(&self) -> Option<&'static str> {
        match self {
            Self::Inventory { .. } => Some(inventory::Inventory::CATEGORY),
            Self::Order { .. } => Some(order::Order::CATEGORY),
            Self::Shipment { .. } => Some(shipment::Shipment::CATEGORY),
            Self::Bill { .. }
            | Self::Collect { .. }
            | Self::GiveBack { .. }
            | Self::WatchLateCharge { .. } => Some(bill::Bill::CATEGORY),
            Self::At { .. } => None,
        }
    }
}

/// Each with the name of its policy.
pub type Asks = Vec<(&'static str, Ask)>;

/// What a fact of the rental asks for.
pub fn react(fact: &Fact<super::Event>) -> Asks {
    // All of them are known by an id; what is not asks for nothing.
    let Ok(id) = Id::new(fact.of.clone()) else {
        return vec![];
    };
    match &fact.event {
        super::Event::Order(event) => to_order(id, event),
        super::Event::Inventory(event) => to_inventory(event),
        super::Event::Bill(event) => to_bill(id, fact.at, event),
        super::Event::Shipment(event) => to_shipment(id, event),
    }
}

fn to_order(order_id: Id, event: &order::Event) -> Asks {
    use order::Event;
    match event {
        Event::RentalRequested { product_id, qty, .. } => {
            let command = inventory::Command::Reserve { order_id, qty: *qty };
            vec![("when_rental_requested_reserve", stock(product_id, command))]
        }
        Event::StockConfirmed { product_id, qty, amount } => {
            let (amount, product_id, qty) = (*amount, product_id.clone(), *qty);
            let command = bill::Command::Charge { amount, product_id, qty };
            vec![("when_stock_confirmed_charge", Ask::Bill { order: order_id, command })]
        }
        Event::StockDeclined { product_id } => {
            let command = inventory::Command::Release { order_id };
            vec![("when_stock_declined_release", stock(product_id, command))]
        }
        Event::RentalCancellationOccured { product_id, confirmed: true, .. } => {
            cancellation_occured(order_id, product_id)
        }
        // Nothing was asked of anybody but the inventory, which will be told that it is too late.
        Event::RentalCancellationOccured { confirmed: false, .. } | Event::RentalCompleted => {
            vec![]
        }
    }
}

fn cancellation_occured(order: Id, product: &Id) -> Asks {
    let refund = Ask::Bill { order: order.clone(), command: bill::Command::Refund };
    // Not only when the bill says so: that may have to wait behind goods that cannot leave yet.
    let give_back = Ask::GiveBack { order: order.clone() };
    let stop = shipment::Command::Stop { product_id: product.clone() };
    vec![
        ("when_rental_cancellation_occured_refund", refund),
        ("when_rental_cancellation_occured_give_back", give_back),
        ("when_rental_cancellation_occured_stop", Ask::Shipment { order, command: stop }),
    ]
}

fn to_inventory(event: &inventory::Event) -> Asks {
    use inventory::Event;
    use order::Command;
    match event {
        Event::StockReserved { order_id, .. } => {
            vec![("when_stock_reserved_confirm_stock", tell(order_id, Command::ConfirmStock))]
        }
        Event::InventoryStockShortage { order_id, asked, left } => {
            let reason = format!("{} asked, {left} left", asked.get());
            let cancel = tell(order_id, Command::CancelForShortage { reason });
            vec![("when_inventory_stock_shortage_cancel_for_shortage", cancel)]
        }
        Event::StockMissing { order_id, qty, .. } => {
            let reason = format!("{} missing", qty.get());
            let cancel = tell(order_id, Command::CancelForShortage { reason });
            vec![("when_stock_missing_cancel_for_shortage", cancel)]
        }
        Event::InventoryRegistered { .. }
        | Event::StockReleased { .. }
        | Event::StockReturned { .. } => vec![],
    }
}

fn to_bill(order: Id, at: Instant, event: &bill::Event) -> Asks {
    use bill::Event;
    match event {
        Event::FeeRequested { .. } => vec![("when_fee_requested_collect", Ask::Collect { order })],
        Event::FeeReceived { product_id, qty, .. } => {
            let command = shipment::Command::Start { product_id: product_id.clone(), qty: *qty };
            vec![("when_fee_received_start", Ask::Shipment { order, command })]
        }
        Event::FeeDeclined { reason } => {
            let cancel = order::Command::CancelForFee { reason: reason.clone() };
            vec![("when_fee_declined_cancel_for_fee", tell(&order, cancel))]
        }
        Event::FeeCancelled { asked: Some(_) } => {
            vec![("when_fee_cancelled_watch_late_charge", watch_later(order, at))]
        }
        Event::RefundRequested { .. } => {
            vec![("when_refund_requested_give_back", Ask::GiveBack { order })]
        }
        Event::FeeCancelled { asked: None } | Event::FeeRefundCompleted { .. } => vec![],
    }
}

fn watch_later(order: Id, at: Instant) -> Ask {
    Ask::At {
        key: format!("late-charge/{order}"),
        due: at + LATE_CHARGE_AFTER,
        ask: Box::new(Ask::WatchLateCharge { order }),
    }
}

fn to_shipment(order_id: Id, event: &shipment::Event) -> Asks {
    use inventory::Command;
    use shipment::Event;
    match event {
        Event::DeliveryStopped { product_id } => {
            let release = stock(product_id, Command::Release { order_id });
            vec![("when_delivery_stopped_release", release)]
        }
        Event::ItemDelivered => {
            let complete = tell(&order_id, order::Command::Complete);
            vec![("when_item_delivered_complete", complete)]
        }
        Event::RetrieveCompleted { product_id } => {
            let restock = stock(product_id, Command::Restock { order_id });
            vec![("when_retrieve_completed_restock", restock)]
        }
        Event::DeliveryStarted { .. } | Event::RetrieveStarted { .. } => vec![],
    }
}

fn stock(product: &Id, command: inventory::Command) -> Ask {
    Ask::Inventory { product: product.clone(), command }
}

fn tell(order: &Id, command: order::Command) -> Ask {
    Ask::Order { id: order.clone(), command }
}

#[cfg(test)]
mod tests;
