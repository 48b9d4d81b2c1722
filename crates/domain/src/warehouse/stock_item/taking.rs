//! Which lots goods leave from.

use super::{Lot, Refusal, StockItem, Taken};
use crate::{Id, Quantity};

impl StockItem {
    pub(super) fn lot(&self, id: &Id) -> Result<&Lot, Refusal> {
        let found = self.lots.iter().find(|lot| lot.delivery_id == *id);
        found.ok_or(Refusal::UnknownLot)
    }

    /// Takes `qty` from the named lot, or else from the oldest lots.
    pub(super) fn take(&self, qty: Quantity, lot: Option<&Id>) -> Result<Vec<Taken>, Refusal> {
        let lots = match lot {
            Some(id) => std::slice::from_ref(self.lot(id)?),
            None if self.exists() => &self.lots,
            None => return Err(Refusal::UnknownProduct),
        };
        let on_hand: i64 = lots.iter().map(|lot| lot.left).sum();
        let asked = qty.get();
        if asked > on_hand {
            return Err(Refusal::NotEnough { asked, on_hand });
        }
        Ok(oldest_first(lots, asked))
    }

    /// What a lot has more than `remaining`, if anything.
    pub(super) fn more_than(&self, lot: &Id, remaining: i64) -> Result<Option<Quantity>, Refusal> {
        let on_hand = self.lot(lot)?.left;
        if remaining > on_hand {
            return Err(Refusal::NotEnough { asked: remaining, on_hand });
        }
        // A lot holds a quantity at most, so the difference is one, unless it is nothing.
        Ok(Quantity::new(on_hand - remaining).ok())
    }

    pub(super) fn remember(&mut self, taken: &[Taken], on_hand: i64) {
        for one in taken {
            let mut lots = self.lots.iter_mut();
            if let Some(lot) = lots.find(|lot| lot.delivery_id == one.delivery_id) {
                lot.left = one.left;
            }
        }
        self.on_hand = on_hand;
    }
}

fn oldest_first(lots: &[Lot], mut wanted: i64) -> Vec<Taken> {
    let mut taken = Vec::new();
    for lot in lots {
        // Nothing is taken from a closed lot, nor once there is enough.
        let Ok(qty) = Quantity::new(wanted.min(lot.left)) else {
            continue;
        };
        wanted -= qty.get();
        taken.push(Taken {
            delivery_id: lot.delivery_id.clone(),
            customer_id: lot.customer_id.clone(),
            qty,
            left: lot.left - qty.get(),
        });
    }
    taken
}
