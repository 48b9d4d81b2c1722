//! The simulator's bookkeeping: what may be recorded, and recording it.

use super::{
    ChargeRecord, JournalError, RefundRecord,
    journal::Journal,
    record::{Entry, Records},
};
use crate::payment::ChargeStatus;
use std::collections::HashMap;

/// Why a request gets no charge and no refund.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    #[error("the key was used before with another amount or reference")]
    KeyReused,
    #[error("there is no charge with this key")]
    UnknownCharge,
    #[error("the charge was declined, so there is nothing to give back")]
    NotApproved,
    #[error("the charge is refunded already")]
    AlreadyRefunded,
    #[error("{charged} won were charged, so {asked} won cannot be given back")]
    MoreThanCharged { asked: i64, charged: i64 },
    /// It misbehaves, as it was told to.
    #[error("a simulated failure")]
    Failed,
    #[error("the journal of charges cannot be used")]
    Journal(#[from] JournalError),
}

impl SimulatorError {
    /// Stable and for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KeyReused => "key-reused",
            Self::UnknownCharge => "unknown-charge",
            Self::NotApproved => "not-approved",
            Self::AlreadyRefunded => "already-refunded",
            Self::MoreThanCharged { .. } => "more-than-charged",
            Self::Failed => "simulated-failure",
            Self::Journal(_) => "journal",
        }
    }

    /// The HTTP status that says the same.
    pub fn status(&self) -> u16 {
        match self {
            Self::UnknownCharge => 404,
            Self::NotApproved | Self::AlreadyRefunded => 409,
            Self::KeyReused | Self::MoreThanCharged { .. } => 422,
            Self::Failed => 503,
            Self::Journal(_) => 500,
        }
    }
}

/// All charges, and the journal that remembers them.
#[derive(Debug, Default)]
pub(super) struct Books {
    records: Records,
    journal: Option<Journal>,
    /// How often each key was asked about, so that a repeat may fare better than the first try.
    tries: HashMap<String, u64>,
}

impl Books {
    pub(super) fn new(journal: Option<Journal>) -> Self {
        Self { journal, ..Self::default() }
    }

    pub(super) fn records(&self) -> &Records {
        &self.records
    }

    /// Counts one more request with this key, and says which it is.
    pub(super) fn count(&mut self, key: &str) -> u64 {
        let tries = self.tries.entry(key.to_owned()).or_default();
        *tries += 1;
        *tries
    }

    /// Does `work` with the journal locked and read to its end. The lock is held for microseconds,
    /// by us and by others, so waiting for it may block the thread.
    pub(super) fn in_step<T, E: From<JournalError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(journal) = &mut self.journal {
            for entry in journal.lock()? {
                self.records.apply(entry);
            }
        }
        let outcome = work(self);
        if let Some(journal) = &mut self.journal {
            journal.unlock()?;
        }
        outcome
    }

    pub(super) fn charge(&mut self, charge: ChargeRecord) -> Result<ChargeRecord, SimulatorError> {
        match self.records.get(&charge.key) {
            Some(known) if known.same_request(&charge) => Ok(known.clone()),
            Some(_) => Err(SimulatorError::KeyReused),
            None => {
                self.record(Entry::Charged(charge.clone()))?;
                Ok(charge)
            }
        }
    }

    pub(super) fn refund(
        &mut self,
        charge_key: &str,
        refund: RefundRecord,
    ) -> Result<RefundRecord, SimulatorError> {
        let charge = self.records.get(charge_key).ok_or(SimulatorError::UnknownCharge)?;
        match &charge.refund {
            Some(known) if *known == refund => return Ok(refund),
            Some(known) if known.key == refund.key => return Err(SimulatorError::KeyReused),
            Some(_) => return Err(SimulatorError::AlreadyRefunded),
            None => {}
        }
        if charge.status != ChargeStatus::Approved {
            return Err(SimulatorError::NotApproved);
        }
        if refund.amount > charge.amount {
            let (asked, charged) = (refund.amount.get(), charge.amount.get());
            return Err(SimulatorError::MoreThanCharged { asked, charged });
        }
        let charge_key = charge_key.to_owned();
        self.record(Entry::Refunded { charge_key, refund: refund.clone() })?;
        Ok(refund)
    }

    fn record(&mut self, entry: Entry) -> Result<(), JournalError> {
        if let Some(journal) = &mut self.journal {
            journal.append(&entry)?;
        }
        self.records.apply(entry);
        Ok(())
    }
}
