//! The read models of the rental.

pub mod inventory;
pub mod orders;
pub mod total_view;

use crate::row::literal;
use domain::rental::order;

literal!(order::Status: Requested, Confirmed, Completed, Cancelled);
literal!(order::CancelledBy: Customer, Shortage, Payment);

#[cfg(test)]
mod testing;
