//! How does each item on the list stand, and who has it? The item and its last reservation in one
//! row: `GET /market/item-info`, `GET /market/items[/{itemNo}]`.

use super::{item_event, payment_event};
use crate::{
    read_model::ReadModel,
    row,
    row::{Private, Word},
};
use domain::{
    Aggregate, Event, Fact, Id, Instant,
    market::{
        item::{self, Item},
        payment::{self, Payment},
        status::{ItemStatus, PaymentStatus, RentalStatus, ReservationStatus},
    },
};

row! {
    pub struct ItemInfoRow {
        pub item_no: String,
        pub item_name: String,
        /// Of one rental, in won.
        pub item_price: i64,
        pub item_status: Word<ItemStatus>,
        pub rental_status: Word<RentalStatus>,
        /// The last one that got the item; so are the statuses beside it.
        pub reservation_no: Option<String>,
        pub reservation_status: Option<Word<ReservationStatus>>,
        /// Whoever has the item now.
        pub customer_id: Option<String>,
        pub customer_name: Option<Private>,
        pub payment_status: Word<PaymentStatus>,
        pub changed_at: Instant,
    }
}

/// The read model `market.item_info`.
#[derive(Debug)]
pub struct ItemInfo;

impl ReadModel for ItemInfo {
    const NAME: &'static str = "market.item_info";
    const CATEGORIES: &'static [&'static str] = &[Item::CATEGORY, Payment::CATEGORY];
    const FILTERS: &'static [&'static str] = &["item_no", "item_status", "customer_id"];
    type Row = ItemInfoRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        if item_event(&fact.event).is_some() {
            return vec![fact.of.clone()];
        }
        let money = payment_event(&fact.event).and_then(money);
        money.map(|(item_no, _)| item_no.to_string()).into_iter().collect()
    }

    fn fold(row: Option<ItemInfoRow>, fact: &Fact<Event>) -> Option<ItemInfoRow> {
        if let Some(event) = item_event(&fact.event) {
            return ItemInfoRow::after(row, event, fact);
        }
        let mut row = row?;
        if let Some((_, status)) = payment_event(&fact.event).and_then(money)
            && row.is_of(&fact.of)
        {
            row.payment_status = Word(status);
            row.changed_at = fact.at;
        }
        Some(row)
    }
}

/// Of which item, and what it makes of the payment.
fn money(event: &payment::Event) -> Option<(&Id, PaymentStatus)> {
    use payment::Event;
    match event {
        Event::PaymentApproved { item_no, .. } => Some((item_no, PaymentStatus::Paid)),
        Event::PaymentCanceled { item_no, .. } => Some((item_no, PaymentStatus::Refunded)),
        Event::PaymentRequested { .. }
        | Event::PaymentDeclined { .. }
        | Event::PaymentFailed { .. }
        | Event::PaymentCancelRequested { .. }
        | Event::ChargeReturned { .. }
        | Event::PaymentClosed => None,
    }
}

impl ItemInfoRow {
    fn after(row: Option<Self>, event: &item::Event, fact: &Fact<Event>) -> Option<Self> {
        use item::Event;
        let mut row = match event {
            Event::ItemRegistered { item_name, item_price } => {
                return Some(Self {
                    item_no: fact.of.clone(),
                    item_name: item_name.to_string(),
                    item_price: item_price.get(),
                    item_status: Word(ItemStatus::Rentable),
                    rental_status: Word(RentalStatus::NotRenting),
                    reservation_no: None,
                    reservation_status: None,
                    customer_id: None,
                    customer_name: None,
                    payment_status: Word(PaymentStatus::NotPaid),
                    changed_at: fact.at,
                });
            }
            Event::ItemDeleted { .. } => return None,
            Event::HoldRefused { .. } | Event::DelistRefused { .. } => return row,
            Event::ItemHeld { .. }
            | Event::ItemReleased { .. }
            | Event::HoldPaid { .. }
            | Event::HoldUnpaid { .. }
            | Event::RentedItem { .. }
            | Event::ReturnedItem { .. } => row?,
        };
        row.follow(event, fact.at);
        Some(row)
    }

    fn follow(&mut self, event: &item::Event, at: Instant) {
        use item::Event;
        match event {
            Event::ItemHeld { reservation_no, customer_id, customer_name, .. } => {
                self.reservation_no = Some(reservation_no.to_string());
                self.customer_id = Some(customer_id.to_string());
                self.customer_name = Some(customer_name.into());
                self.stands(ItemStatus::NotRentable, RentalStatus::NotRenting);
                self.reservation_status = Some(Word(ReservationStatus::Confirmed));
                self.payment_status = Word(PaymentStatus::NotPaid);
            }
            Event::ItemReleased { reservation_no } if self.is_of(reservation_no.as_str()) => {
                self.reservation_status = Some(Word(ReservationStatus::Cancelled));
                self.free(RentalStatus::NotRenting);
            }
            Event::RentedItem { .. } => {
                self.stands(ItemStatus::NotRentable, RentalStatus::Renting);
            }
            Event::ReturnedItem { .. } => self.free(RentalStatus::Returned),
            Event::ItemRegistered { .. }
            | Event::ItemDeleted { .. }
            | Event::HoldRefused { .. }
            | Event::ItemReleased { .. }
            | Event::HoldPaid { .. }
            | Event::HoldUnpaid { .. }
            | Event::DelistRefused { .. } => return,
        }
        self.changed_at = at;
    }

    fn is_of(&self, reservation_no: &str) -> bool {
        self.reservation_no.as_deref() == Some(reservation_no)
    }

    fn free(&mut self, rental: RentalStatus) {
        self.stands(ItemStatus::Rentable, rental);
        self.customer_id = None;
        self.customer_name = None;
    }

    fn stands(&mut self, item: ItemStatus, rental: RentalStatus) {
        self.item_status = Word(item);
        self.rental_status = Word(rental);
    }
}

#[cfg(test)]
mod tests;
