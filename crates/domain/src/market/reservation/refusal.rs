//! Why the answer about a reservation may be no.

use crate::{Kind, Won};

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such reservation")]
    UnknownReservation,
    #[error("another reservation has this number")]
    ReservationExists,
    #[error("the price is {} won", .listed.get())]
    PriceChanged { listed: Won },
    #[error("the reservation is not confirmed")]
    NotConfirmed,
    #[error("the reservation is confirmed")]
    AlreadyConfirmed,
    #[error("the reservation was rejected")]
    AlreadyRejected,
    #[error("the reservation is cancelled")]
    AlreadyCancelled,
    #[error("the renter wants to cancel, which is not decided yet")]
    CancelRequested,
    #[error("the item is lent to this reservation")]
    AlreadyLent,
    #[error("the item came back from this reservation")]
    AlreadyReturned,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownReservation => "unknown-reservation",
            Self::ReservationExists => "reservation-exists",
            Self::PriceChanged { .. } => "price-changed",
            Self::NotConfirmed => "not-confirmed",
            Self::AlreadyConfirmed => "already-confirmed",
            Self::AlreadyRejected => "already-rejected",
            Self::AlreadyCancelled => "already-cancelled",
            Self::CancelRequested => "cancel-requested",
            Self::AlreadyLent => "already-lent",
            Self::AlreadyReturned => "already-returned",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownReservation => Kind::Unknown,
            Self::PriceChanged { .. } => Kind::Value { field: "itemPrice" },
            Self::ReservationExists
            | Self::NotConfirmed
            | Self::AlreadyConfirmed
            | Self::AlreadyRejected
            | Self::AlreadyCancelled
            | Self::CancelRequested
            | Self::AlreadyLent
            | Self::AlreadyReturned => Kind::Rule,
        }
    }
}
