//! The words that views and clients use.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemStatus {
    Rentable,
    NotRentable,
}

impl ItemStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rentable => "Rentable",
            Self::NotRentable => "NotRentable",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd)]
pub enum RentalStatus {
    #[default]
    NotRenting,
    Renting,
    Returned,
}

impl RentalStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRenting => "NotRenting",
            Self::Renting => "Renting",
            Self::Returned => "Returned",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PaymentStatus {
    #[default]
    NotPaid,
    Paid,
    Refunded,
}

impl PaymentStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotPaid => "NotPaid",
            Self::Paid => "Paid",
            Self::Refunded => "Refunded",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservationStatus {
    Requested,
    Confirmed,
    Rejected,
    Cancelled,
}

impl ReservationStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "Requested",
            Self::Confirmed => "Confirmed",
            Self::Rejected => "Rejected",
            Self::Cancelled => "Cancelled",
        }
    }
}
