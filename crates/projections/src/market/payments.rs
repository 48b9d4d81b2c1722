//! What was paid and given back? One row per reservation that was to be paid:
//! `GET /market/payments`.

use super::payment_event;
use crate::{read_model::ReadModel, row, row::Word};
use domain::{
    Aggregate, Event, Fact, Id, Instant, Won,
    market::{
        payment::{self, Payment},
        status::PaymentStatus,
    },
};

row! {
    pub struct PaymentRow {
        pub reservation_no: String,
        pub item_no: String,
        /// The gateway's name for the last approved charge.
        pub payment_no: Option<String>,
        /// In won.
        pub amount: i64,
        /// The last attempt to pay, counted from 1.
        pub attempt: i64,
        pub payment_status: Word<PaymentStatus>,
        /// Why the last attempt left nothing paid, if it did.
        pub failure: Option<String>,
        /// All that went back, in won.
        pub refunded_amount: i64,
        /// Of the last attempt; so are the times below.
        pub requested_at: Instant,
        pub approved_at: Option<Instant>,
        pub failed_at: Option<Instant>,
        pub canceled_at: Option<Instant>,
        pub changed_at: Instant,
    }
}

/// The read model `market.payments`.
#[derive(Debug)]
pub struct Payments;

impl ReadModel for Payments {
    const NAME: &'static str = "market.payments";
    const CATEGORIES: &'static [&'static str] = &[Payment::CATEGORY];
    const FILTERS: &'static [&'static str] = &["reservation_no", "item_no", "payment_status"];
    type Row = PaymentRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        payment_event(&fact.event).map(|_| fact.of.clone()).into_iter().collect()
    }

    fn fold(row: Option<PaymentRow>, fact: &Fact<Event>) -> Option<PaymentRow> {
        use payment::Event;
        let Some(event) = payment_event(&fact.event) else {
            return row;
        };
        if let Event::PaymentRequested { item_no, amount, attempt } = event {
            let attempt = i64::from(*attempt);
            return Some(PaymentRow::request(row, &fact.of, (item_no, *amount, attempt), fact.at));
        }
        let mut row = row?;
        row.follow(event, fact.at);
        Some(row)
    }
}

impl PaymentRow {
    fn request(
        row: Option<Self>,
        of: &str,
        (item_no, amount, attempt): (&Id, Won, i64),
        at: Instant,
    ) -> Self {
        let (payment_status, refunded_amount, payment_no) = row
            .map_or((Word(PaymentStatus::NotPaid), 0, None), |before| {
                (before.payment_status, before.refunded_amount, before.payment_no)
            });
        Self {
            reservation_no: of.to_owned(),
            item_no: item_no.to_string(),
            payment_no,
            amount: amount.get(),
            attempt,
            payment_status,
            failure: None,
            refunded_amount,
            requested_at: at,
            approved_at: None,
            failed_at: None,
            canceled_at: None,
            changed_at: at,
        }
    }

    fn follow(&mut self, event: &payment::Event, at: Instant) {
        use payment::Event;
        match event {
            Event::PaymentApproved { payment_no, .. } => {
                self.payment_no = Some(payment_no.clone());
                self.payment_status = Word(PaymentStatus::Paid);
                self.approved_at = Some(at);
            }
            Event::PaymentDeclined { reason, .. } => {
                self.fail(reason.as_deref().unwrap_or("declined"), at);
            }
            Event::PaymentFailed { reason, .. } => self.fail(reason, at),
            Event::PaymentCanceled { amount, .. } => {
                self.payment_status = Word(PaymentStatus::Refunded);
                self.refunded_amount += amount.get();
                self.canceled_at = Some(at);
            }
            Event::ChargeReturned { amount, .. } => self.refunded_amount += amount.get(),
            Event::PaymentRequested { .. }
            | Event::PaymentCancelRequested { .. }
            | Event::PaymentClosed => return,
        }
        self.changed_at = at;
    }

    fn fail(&mut self, why: &str, at: Instant) {
        self.failure = Some(why.to_owned());
        self.failed_at = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        market::testing::{id, row_after, rows_after, won},
        testing::at,
    };
    use domain::market;
    use payment::Event;

    fn requested(attempt: u32) -> Event {
        Event::PaymentRequested { item_no: id("i1"), amount: won(100), attempt }
    }

    fn approved(attempt: u32) -> Event {
        let payment_no = format!("p{attempt}");
        Event::PaymentApproved { item_no: id("i1"), amount: won(100), attempt, payment_no }
    }

    fn canceled() -> Event {
        Event::PaymentCanceled { item_no: id("i1"), amount: won(100), attempt: 1 }
    }

    fn row(events: impl IntoIterator<Item = Event>) -> PaymentRow {
        let facts = events.into_iter().map(|event| ("r1", market::Event::Payment(event)));
        row_after::<Payments>(facts)
    }

    #[test]
    fn what_is_approved_is_paid() {
        let row = row([requested(1), approved(1)]);
        assert_eq!((row.payment_no.as_deref(), row.amount), (Some("p1"), 100));
        assert_eq!(row.payment_status, Word(PaymentStatus::Paid));
        assert_eq!(row.approved_at, Some(at(1)));
    }

    #[test]
    fn what_failed_stays_unpaid_and_says_why() {
        let failed = Event::PaymentFailed { attempt: 1, reason: "no answer".to_owned() };
        let row = row([requested(1), failed]);
        assert_eq!(row.payment_status, Word(PaymentStatus::NotPaid));
        assert_eq!((row.failure.as_deref(), row.failed_at), (Some("no answer"), Some(at(1))));
    }

    #[test]
    fn what_was_given_back_may_be_paid_again() {
        let back = [requested(1), approved(1), canceled()];
        assert_eq!(row(back.clone()).payment_status, Word(PaymentStatus::Refunded));
        let again = row(back.into_iter().chain([requested(2), approved(2)]));
        assert_eq!(again.payment_status, Word(PaymentStatus::Paid));
        assert_eq!((again.attempt, again.refunded_amount), (2, 100));
    }

    #[test]
    fn a_payment_that_was_never_asked_for_has_no_row() {
        let closed = ("r1", market::Event::Payment(Event::PaymentClosed));
        assert_eq!(rows_after::<Payments>([closed]), []);
    }
}
