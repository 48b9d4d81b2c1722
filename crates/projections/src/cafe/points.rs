//! How many points has a member? One row per customer: `GET /cafe/points[/{customerId}]`.

use super::member_event;
use crate::{read_model::ReadModel, row, row::Private};
use domain::{
    Aggregate, Event, Fact, Instant,
    cafe::member::{self, Member},
    shared::personal::Personal,
};

row! {
    pub struct PointsRow {
        pub customer_id: String,
        /// As last registered.
        pub name: Private,
        /// Whether orders that are accepted now earn points.
        pub valid: bool,
        /// The balance.
        pub point: i64,
        /// The order that last earned points.
        pub last_order: Option<String>,
        pub changed_at: Instant,
        pub version: i64,
    }
}

/// The read model `cafe.points`.
#[derive(Debug)]
pub struct Points;

impl ReadModel for Points {
    const NAME: &'static str = "cafe.points";
    const CATEGORIES: &'static [&'static str] = &[Member::CATEGORY];
    const FILTERS: &'static [&'static str] = &["customer_id"];
    type Row = PointsRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        member_event(&fact.event).map(|_| fact.of.clone()).into_iter().collect()
    }

    fn version(row: &mut PointsRow) -> Option<&mut i64> {
        Some(&mut row.version)
    }

    fn fold(row: Option<PointsRow>, fact: &Fact<Event>) -> Option<PointsRow> {
        let Some(event) = member_event(&fact.event) else {
            return row;
        };
        let mut row = row.unwrap_or_else(|| blank(fact));
        row.changed_at = fact.at;
        match event {
            member::Event::MembershipRegistered { name, validated, .. } => {
                row.registered(name, *validated)
            }
            member::Event::MembershipWithdrawn { .. } => row.valid = false,
            member::Event::PointSaved { order_id, point, .. } => {
                row.saved(order_id.as_str(), *point)
            }
            member::Event::PointReversed { point, .. } => row.point = *point,
        }
        Some(row)
    }
}

fn blank(fact: &Fact<Event>) -> PointsRow {
    PointsRow {
        customer_id: fact.of.clone(),
        name: Private(Personal::Plain(String::new())),
        valid: false,
        point: 0,
        last_order: None,
        changed_at: fact.at,
        version: 0,
    }
}

impl PointsRow {
    fn registered(&mut self, name: &Personal, validated: bool) {
        self.name = name.into();
        self.valid = validated;
    }

    fn saved(&mut self, order_id: &str, point: i64) {
        self.point = point;
        self.last_order = Some(order_id.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::{Points, PointsRow};
    use crate::cafe::testing::{at, id, qty, row_after};
    use domain::{
        cafe::{self, member::Event},
        testing::personal,
    };

    fn registered(called: &str, validated: bool) -> Event {
        Event::MembershipRegistered { name: personal(called), validated, at: at(0) }
    }

    fn row(events: impl IntoIterator<Item = Event>) -> PointsRow {
        row_after::<Points>("c1", events.into_iter().map(cafe::Event::Member))
    }

    #[test]
    fn a_member_starts_with_none() {
        let row = row([registered("유은송", true)]);
        assert_eq!(
            (row.name.shown(), row.valid, row.point, row.last_order),
            (Some("유은송"), true, 0, None)
        );
    }

    #[test]
    fn saving_and_reversing_move_the_balance() {
        let saved = Event::PointSaved { order_id: id("o1"), qty: qty(3), point: 3 };
        let reversed = Event::PointReversed { order_id: id("o1"), qty: qty(3), point: 0 };
        let after_saving = row([registered("Kim", true), saved.clone()]);
        assert_eq!((after_saving.point, after_saving.last_order.as_deref()), (3, Some("o1")));
        assert_eq!(row([registered("Kim", true), saved, reversed]).point, 0);
    }

    #[test]
    fn who_withdraws_keeps_the_points_and_is_not_valid() {
        let saved = Event::PointSaved { order_id: id("o1"), qty: qty(3), point: 3 };
        let row = row([registered("Kim", true), saved, Event::MembershipWithdrawn { at: at(2) }]);
        assert_eq!((row.valid, row.point, row.changed_at), (false, 3, at(2)));
    }
}
