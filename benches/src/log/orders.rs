//! Lives of orders, each five facts: placed, paid, accepted, made, picked up. So many orders at a
//! time are under way together, as in a busy shop.

use domain::{
    Aggregate, Id, Instant, InvalidValue, Quantity, Won,
    cafe::order::{Event, Order},
    shared::Name,
    stored::{Encoded, encode},
};
use eventlog::NewEvent;
use std::ops::Range;
use uuid::Uuid;

/// Orders that are under way together, and the facts of a life.
const TOGETHER: u64 = 1000;
const LIFE: u64 = 5;

/// Facts after which all orders are picked up.
const BLOCK: u64 = TOGETHER * LIFE;

/// Orders before this one are whole when the log holds so many facts.
pub fn orders(facts: u64) -> u64 {
    facts / LIFE
}

pub const PRODUCT: &str = "Iced Americano, large, with an extra shot and less ice";
const PRICE: i64 = 4500;
const CUSTOMERS: u64 = 50_000;

/// When the first fact was recorded, in seconds of Unix time, and how far apart facts are.
const BEGIN: i64 = 1_760_000_000;
const APART: chrono::Duration = chrono::Duration::milliseconds(2);

/// A row of the log.
pub struct Fact {
    pub position: i64,
    pub stream: String,
    pub version: i64,
    pub id: Uuid,
    pub encoded: Encoded,
    pub command_id: Uuid,
    pub correlation_id: Uuid,
    pub causation_id: Option<Uuid>,
    pub actor: &'static str,
    pub at: Instant,
}

/// The id of an order.
pub fn order(number: u64) -> String {
    format!("r1-{number}")
}

/// The facts of a stretch of the log; the first fact has number 0 and position 1.
pub fn facts(numbers: Range<u64>) -> impl Iterator<Item = Fact> {
    numbers.map(fact)
}

fn fact(number: u64) -> Fact {
    let (block, within) = (number / BLOCK, number % BLOCK);
    let (version, order_number) = (within / TOGETHER, block * TOGETHER + within % TOGETHER);
    let command = |version| Uuid::from_u64_pair(order_number + 1, (7 << 60) | version);
    let (actor, event) = match version {
        0 | 1 => ("customer", bought(order_number, version == 1)),
        2 => ("store", Ok(Event::OrderAccepted)),
        3 => ("store", Ok(Event::OrderMade)),
        _ => ("store", Ok(Event::OrderPickedUp)),
    };
    let event = event.unwrap_or(Event::OrderCancelRequested);
    Fact {
        position: number as i64 + 1,
        stream: format!("{}-{}", Order::CATEGORY, order(order_number)),
        version: version as i64,
        id: NewEvent::id_of(command(version), 0),
        encoded: encode::<Order>(&event),
        command_id: command(version),
        correlation_id: command(0),
        causation_id: (version > 1).then(|| NewEvent::id_of(command(version), 1)),
        actor,
        at: Instant::from_timestamp(BEGIN, 0).unwrap_or_default() + APART * number as i32,
    }
}

/// Placed, or paid.
fn bought(order: u64, is_paid: bool) -> Result<Event, InvalidValue> {
    let (product, price) = (Name::new(PRODUCT)?, Won::new(PRICE)?);
    let qty = Quantity::new(1 + (order % 3) as i64)?;
    let customer_id = Some(Id::new(format!("customer-{:012}", order % CUSTOMERS))?);
    let (amount, attempt) = (price.times(qty)?, 1);
    Ok(if is_paid {
        let charge_id = format!("ch_{order:032x}");
        Event::PaymentCompleted { attempt, amount, charge_id, product, qty, customer_id }
    } else {
        let phone = None;
        Event::OrderSelected { product, qty, price, amount, customer_id, phone, attempt }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_block_has_whole_lives_in_order() {
        let mut lives: HashMap<String, Vec<String>> = HashMap::new();
        for (number, fact) in facts(BLOCK..2 * BLOCK).enumerate() {
            assert_eq!(fact.position, (BLOCK as usize + number) as i64 + 1);
            let life = lives.entry(fact.stream).or_default();
            assert_eq!(fact.version, life.len() as i64);
            life.push(fact.encoded.event_type);
        }
        assert_eq!(lives.len() as u64, orders(BLOCK));
        let life = ["OrderSelected", "PaymentCompleted", "OrderAccepted", "OrderMade"];
        let life = life.map(|name| format!("cafe.{name}"));
        assert!(lives.values().all(|one| one[..4] == life && one[4] == "cafe.OrderPickedUp"));
    }

    #[test]
    fn facts_are_as_long_as_real_ones() {
        for fact in facts(0..2 * TOGETHER) {
            assert!((150..=250).contains(&fact.encoded.payload.len()), "{}", fact.encoded.payload);
        }
    }
}
