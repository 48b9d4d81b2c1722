//! How does each reservation stand? One row per reservation: `GET /market/reservations[/{n}]`.

use super::{reservation_event, review_event};
use crate::{
    read_model::ReadModel,
    row,
    row::{Private, Word},
};
use domain::{
    Aggregate, Event, Fact, Instant,
    market::{
        item::HoldRefusal,
        reservation::{self, Reservation},
        review::{self, Review},
        status::{PaymentStatus, RentalStatus, ReservationStatus},
    },
};

row! {
    pub struct ReservationRow {
        pub reservation_no: String,
        pub item_no: String,
        /// `None` until it is confirmed.
        pub item_name: Option<String>,
        /// In won: the one that was promised, and from then on the item's.
        pub item_price: Option<i64>,
        pub customer_id: String,
        pub customer_name: Private,
        pub reservation_status: Word<ReservationStatus>,
        pub reject_reason: Option<Word<HoldRefusal>>,
        pub payment_status: Word<PaymentStatus>,
        /// The last attempt to pay that was paid; 0 for none.
        pub paid_attempt: i64,
        pub rental_status: Word<RentalStatus>,
        pub reserved_at: Instant,
        pub confirmed_at: Option<Instant>,
        pub rejected_at: Option<Instant>,
        pub cancel_requested_at: Option<Instant>,
        pub cancelled_at: Option<Instant>,
        pub paid_at: Option<Instant>,
        pub refunded_at: Option<Instant>,
        pub lent_at: Option<Instant>,
        pub returned_at: Option<Instant>,
        pub review_requested_at: Option<Instant>,
        pub reviewed_at: Option<Instant>,
        pub changed_at: Instant,
    }
}

/// The read model `market.reservations`.
#[derive(Debug)]
pub struct Reservations;

impl ReadModel for Reservations {
    const NAME: &'static str = "market.reservations";
    const CATEGORIES: &'static [&'static str] = &[Reservation::CATEGORY, Review::CATEGORY];
    const FILTERS: &'static [&'static str] = &["item_no", "customer_id", "reservation_status"];
    type Row = ReservationRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        let is_ours =
            reservation_event(&fact.event).is_some() || review_event(&fact.event).is_some();
        is_ours.then(|| fact.of.clone()).into_iter().collect()
    }

    fn fold(row: Option<ReservationRow>, fact: &Fact<Event>) -> Option<ReservationRow> {
        let reservation = reservation_event(&fact.event);
        if let Some(reserved @ reservation::Event::Reserved { .. }) = reservation {
            return ReservationRow::first(reserved, fact);
        }
        let mut row = row?;
        if let Some(event) = reservation {
            row.follow(event, fact.at);
        }
        if let Some(event) = review_event(&fact.event) {
            row.follow_review(event, fact.at);
        }
        Some(row)
    }
}

impl ReservationRow {
    fn first(reserved: &reservation::Event, fact: &Fact<Event>) -> Option<Self> {
        let reservation::Event::Reserved {
            item_no, customer_id, customer_name, item_price, ..
        } = reserved
        else {
            return None;
        };
        Some(Self {
            reservation_no: fact.of.clone(),
            item_no: item_no.to_string(),
            item_name: None,
            item_price: item_price.map(i64::from),
            customer_id: customer_id.to_string(),
            customer_name: customer_name.into(),
            reservation_status: Word(ReservationStatus::Requested),
            reject_reason: None,
            payment_status: Word(PaymentStatus::NotPaid),
            paid_attempt: 0,
            rental_status: Word(RentalStatus::NotRenting),
            reserved_at: fact.at,
            confirmed_at: None,
            rejected_at: None,
            cancel_requested_at: None,
            cancelled_at: None,
            paid_at: None,
            refunded_at: None,
            lent_at: None,
            returned_at: None,
            review_requested_at: None,
            reviewed_at: None,
            changed_at: fact.at,
        })
    }

    fn follow(&mut self, event: &reservation::Event, at: Instant) {
        use reservation::Event;
        self.changed_at = at;
        match event {
            Event::Reserved { .. } => {}
            Event::ReservationConfirmed { item_name, item_price } => {
                self.item_name = Some(item_name.to_string());
                self.item_price = Some(item_price.get());
                self.reservation_status = Word(ReservationStatus::Confirmed);
                self.confirmed_at = Some(at);
            }
            Event::ReservationRejected { reason } => {
                self.reject_reason = Some(Word(*reason));
                self.reservation_status = Word(ReservationStatus::Rejected);
                self.rejected_at = Some(at);
            }
            Event::ReservationCancelRequested { .. } => self.cancel_requested_at = Some(at),
            Event::ReservationCancelDenied => self.cancel_requested_at = None,
            Event::ReservationCancelled => {
                self.reservation_status = Word(ReservationStatus::Cancelled);
                self.cancelled_at = Some(at);
            }
            Event::ReservationPaid { attempt, .. } => self.pay(i64::from(*attempt), at),
            Event::ReservationRefunded { attempt, .. } => self.refund(i64::from(*attempt), at),
            Event::ReservationLent => {
                self.rental_status = Word(RentalStatus::Renting);
                self.lent_at = Some(at);
            }
            Event::ReservationReturned => {
                self.rental_status = Word(RentalStatus::Returned);
                self.returned_at = Some(at);
            }
        }
    }

    fn pay(&mut self, attempt: i64, at: Instant) {
        self.paid_attempt = attempt;
        self.payment_status = Word(PaymentStatus::Paid);
        self.paid_at = Some(at);
    }

    /// An earlier attempt may be known as given back after a later one was paid.
    fn refund(&mut self, attempt: i64, at: Instant) {
        self.refunded_at = Some(at);
        if attempt >= self.paid_attempt {
            self.payment_status = Word(PaymentStatus::Refunded);
        }
    }

    fn follow_review(&mut self, event: &review::Event, at: Instant) {
        match event {
            review::Event::ReviewRequested { .. } => self.review_requested_at = Some(at),
            review::Event::Reviewed { .. } => self.reviewed_at = Some(at),
            review::Event::ReviewSubmitted { .. } | review::Event::ReviewRefused { .. } => return,
        }
        self.changed_at = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        market::testing::{id, name, row_after, won},
        testing::at,
    };
    use domain::{market, testing::personal};
    use reservation::Event;

    fn reserved() -> Event {
        Event::Reserved {
            item_no: id("i1"),
            customer_id: id("c1"),
            customer_name: personal("YoungEunSong"),
            phone: None,
            item_price: None,
        }
    }

    fn confirmed() -> Event {
        Event::ReservationConfirmed { item_name: name("Camera"), item_price: won(100) }
    }

    fn paid(attempt: u32) -> Event {
        Event::ReservationPaid { attempt, amount: won(100) }
    }

    fn refunded(attempt: u32) -> Event {
        Event::ReservationRefunded { attempt, amount: won(100) }
    }

    fn row(events: impl IntoIterator<Item = Event>) -> ReservationRow {
        let events = std::iter::once(reserved()).chain(events);
        let facts = events.map(|event| ("r1", market::Event::Reservation(event)));
        row_after::<Reservations>(facts)
    }

    #[test]
    fn one_that_was_just_taken_is_requested() {
        let row = row([]);
        assert_eq!((row.reservation_no.as_str(), row.item_no.as_str()), ("r1", "i1"));
        assert_eq!((row.item_name.as_deref(), row.item_price), (None, None));
        assert_eq!(row.reservation_status, Word(ReservationStatus::Requested));
    }

    #[test]
    fn each_step_has_its_status_and_time() {
        let row = row([confirmed(), paid(1), Event::ReservationLent, Event::ReservationReturned]);
        assert_eq!((row.item_name.as_deref(), row.item_price), (Some("Camera"), Some(100)));
        assert_eq!(row.reservation_status, Word(ReservationStatus::Confirmed));
        assert_eq!(row.payment_status, Word(PaymentStatus::Paid));
        assert_eq!(row.rental_status, Word(RentalStatus::Returned));
        assert_eq!((row.lent_at, row.returned_at), (Some(at(3)), Some(at(4))));
    }

    #[test]
    fn a_rejected_one_says_why() {
        let reason = HoldRefusal::ItemHeld;
        let row = row([Event::ReservationRejected { reason }]);
        assert_eq!(row.reservation_status, Word(ReservationStatus::Rejected));
        assert_eq!(row.reject_reason, Some(Word(reason)));
    }

    #[test]
    fn a_wish_to_cancel_is_shown_until_it_is_denied() {
        let asked = Event::ReservationCancelRequested { item_no: id("i1") };
        assert_eq!(row([asked.clone()]).cancel_requested_at, Some(at(1)));
        let denied = [confirmed(), asked, Event::ReservationCancelDenied];
        assert_eq!(row(denied).cancel_requested_at, None);
    }

    #[test]
    fn the_last_payment_counts() {
        let once = row([confirmed(), paid(1), refunded(1)]);
        assert_eq!(once.payment_status, Word(PaymentStatus::Refunded));
        let again = row([confirmed(), paid(1), paid(2), refunded(1)]);
        assert_eq!(again.payment_status, Word(PaymentStatus::Paid));
    }

    #[test]
    fn a_review_is_asked_for() {
        let asked = review::Event::ReviewRequested {
            item_no: id("i1"),
            item_name: name("Camera"),
            customer_id: id("c1"),
            customer_name: personal("YoungEunSong"),
        };
        let facts = [market::Event::Reservation(reserved()), market::Event::Review(asked)];
        let row = row_after::<Reservations>(facts.map(|event| ("r1", event)));
        assert_eq!((row.review_requested_at, row.reviewed_at), (Some(at(1)), None));
    }
}
