//! What do renters say? One row per registered review: `GET /market/reviews`.

use super::review_event;
use crate::{read_model::ReadModel, row, row::Private};
use domain::{
    Aggregate, Event, Fact, Instant,
    market::review::{self, Review, Text},
};

row! {
    pub struct ReviewRow {
        pub reservation_no: String,
        pub item_no: String,
        pub item_name: String,
        pub customer_id: String,
        pub customer_name: Private,
        /// 1 to 5.
        pub score: i64,
        pub text: Option<String>,
        pub at: Instant,
    }
}

/// The read model `market.reviews`.
#[derive(Debug)]
pub struct Reviews;

impl ReadModel for Reviews {
    const NAME: &'static str = "market.reviews";
    const CATEGORIES: &'static [&'static str] = &[Review::CATEGORY];
    const FILTERS: &'static [&'static str] = &["reservation_no", "item_no", "customer_id"];
    type Row = ReviewRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        reviewed(fact).map(|row| row.reservation_no).into_iter().collect()
    }

    fn fold(row: Option<ReviewRow>, fact: &Fact<Event>) -> Option<ReviewRow> {
        reviewed(fact).or(row)
    }
}

/// The one row that a fact makes, if it registers a review.
fn reviewed(fact: &Fact<Event>) -> Option<ReviewRow> {
    match review_event(&fact.event)? {
        review::Event::Reviewed { item_no, item_name, customer_id, customer_name, score, text } => {
            Some(ReviewRow {
                reservation_no: fact.of.clone(),
                item_no: item_no.to_string(),
                item_name: item_name.to_string(),
                customer_id: customer_id.to_string(),
                customer_name: customer_name.into(),
                score: score.get(),
                text: text.as_ref().map(Text::as_str).map(str::to_owned),
                at: fact.at,
            })
        }
        review::Event::ReviewRequested { .. }
        | review::Event::ReviewSubmitted { .. }
        | review::Event::ReviewRefused { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        market::testing::{id, name, row_after, rows_after},
        testing::at,
    };
    use domain::{
        market::{self, review::Score},
        testing::personal,
    };

    #[test]
    fn a_registered_review_is_shown() {
        let reviewed = review::Event::Reviewed {
            item_no: id("i1"),
            item_name: name("Camera"),
            customer_id: id("c1"),
            customer_name: personal("YoungEunSong"),
            score: Score::new(5).unwrap(),
            text: Text::new("잘 썼습니다").ok(),
        };
        let row = row_after::<Reviews>([("r1", market::Event::Review(reviewed))]);
        assert_eq!((row.reservation_no.as_str(), row.score, row.at), ("r1", 5, at(0)));
        assert_eq!(row.text.as_deref(), Some("잘 썼습니다"));
    }

    #[test]
    fn one_that_is_only_submitted_is_not() {
        let submitted = review::Event::ReviewSubmitted {
            item_no: id("i1"),
            customer_name: personal("YoungEunSong"),
            score: Score::new(5).unwrap(),
            text: None,
            submission: 1,
        };
        let rows = rows_after::<Reviews>([("r1", market::Event::Review(submitted))]);
        assert_eq!(rows, []);
    }
}
