//! Where do a member's points come from? One row per saving or reversal:
//! `GET /cafe/point-ledger?customerId=`.

use super::member_event;
use crate::{read_model::ReadModel, row};
use domain::{
    Aggregate, Event, Fact, Instant,
    cafe::member::{self, Member},
};

row! {
    pub struct PointLedgerRow {
        /// The id of the fact.
        pub entry_id: String,
        pub customer_id: String,
        pub order_id: String,
        /// Negative when points were taken back.
        pub delta: i64,
        /// Afterwards.
        pub balance: i64,
        pub at: Instant,
    }
}

/// The read model `cafe.point_ledger`.
#[derive(Debug)]
pub struct PointLedger;

impl ReadModel for PointLedger {
    const NAME: &'static str = "cafe.point_ledger";
    const CATEGORIES: &'static [&'static str] = &[Member::CATEGORY];
    const FILTERS: &'static [&'static str] = &["customer_id", "order_id"];
    type Row = PointLedgerRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        entry(fact).map(|entry| entry.entry_id).into_iter().collect()
    }

    fn fold(row: Option<PointLedgerRow>, fact: &Fact<Event>) -> Option<PointLedgerRow> {
        entry(fact).or(row)
    }
}

/// The one row that a fact makes, if it moves points.
fn entry(fact: &Fact<Event>) -> Option<PointLedgerRow> {
    let (order_id, delta, balance) = match member_event(&fact.event)? {
        member::Event::PointSaved { order_id, qty, point } => (order_id, qty.get(), *point),
        member::Event::PointReversed { order_id, qty, point } => (order_id, -qty.get(), *point),
        member::Event::MembershipRegistered { .. } | member::Event::MembershipWithdrawn { .. } => {
            return None;
        }
    };
    Some(PointLedgerRow {
        entry_id: fact.id.to_string(),
        customer_id: fact.of.clone(),
        order_id: order_id.as_str().to_owned(),
        delta,
        balance,
        at: fact.at,
    })
}

#[cfg(test)]
mod tests {
    use super::PointLedger;
    use crate::cafe::testing::{at, id, qty, rows_after};
    use domain::{
        cafe::{self, member::Event},
        testing::personal,
    };

    #[test]
    fn each_change_of_points_is_one_entry() {
        let events = [
            Event::MembershipRegistered { name: personal("Kim"), validated: true, at: at(0) },
            Event::PointSaved { order_id: id("o1"), qty: qty(2), point: 2 },
            Event::PointSaved { order_id: id("o2"), qty: qty(1), point: 3 },
            Event::PointReversed { order_id: id("o1"), qty: qty(2), point: 1 },
            Event::MembershipWithdrawn { at: at(4) },
        ];
        let rows = rows_after::<PointLedger>("c1", events.map(cafe::Event::Member));
        let shown: Vec<_> = rows
            .iter()
            .map(|row| (row.order_id.as_str(), row.delta, row.balance, row.at))
            .collect();
        assert_eq!(shown, [("o1", 2, 2, at(1)), ("o2", 1, 3, at(2)), ("o1", -2, 1, at(3))]);
    }
}
