//! Why the answer about a product's stock may be no.

use crate::Kind;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the warehouse never kept this product")]
    UnknownProduct,
    #[error("there is no such lot")]
    UnknownLot,
    #[error("{asked} were asked for, and {on_hand} are on hand")]
    NotEnough { asked: i64, on_hand: i64 },
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownProduct => "unknown-product",
            Self::UnknownLot => "unknown-lot",
            Self::NotEnough { .. } => "insufficient-stock",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownProduct | Self::UnknownLot => Kind::Unknown,
            Self::NotEnough { .. } => Kind::Rule,
        }
    }

    fn figures(&self) -> Vec<(&'static str, i64)> {
        match *self {
            Self::NotEnough { asked, on_hand } => vec![("asked", asked), ("onHand", on_hand)],
            Self::UnknownProduct | Self::UnknownLot => vec![],
        }
    }
}
