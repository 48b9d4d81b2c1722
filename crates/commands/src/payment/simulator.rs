//! A payment gateway in process, for development, demos and tests. It moves no money.
//!
//! It keeps the contract of `docs/payment-gateway.md`: the same key is the same charge, also when
//! asked at once from several places, and a charge is refunded at most once. With a journal it
//! knows its charges after a restart, and several processes may share them.

mod behaviour;
mod books;
mod journal;
mod record;

pub use behaviour::Behaviour;
pub use books::SimulatorError;
pub use journal::JournalError;
pub use record::{ChargeRecord, RefundRecord};

use super::{Charge, ChargeStatus, GatewayError, PaymentGateway, Refund, TIME_LIMIT, refund_key};
use async_trait::async_trait;
use behaviour::{Ending, Fate};
use books::Books;
use domain::Won;
use journal::Journal;
use std::{
    future::{Future, pending},
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// The gateway. Its own methods answer as a server would: late, or never. As a [`PaymentGateway`]
/// it answers within [`TIME_LIMIT`], like a client that gives up.
#[derive(Debug)]
pub struct Simulator {
    behaviour: Behaviour,
    books: Mutex<Books>,
}

impl Simulator {
    /// Reads the journal, if one is given and there, and keeps it from then on. A journal is
    /// written before an answer is given, but not flushed to disk: it outlives the process, not
    /// the machine.
    pub fn open(journal: Option<PathBuf>, behaviour: Behaviour) -> Result<Self, JournalError> {
        let journal = journal.map(Journal::open).transpose()?;
        let mut books = Books::new(journal);
        books.in_step(|_| Ok::<_, JournalError>(()))?;
        Ok(Self { behaviour, books: Mutex::new(books) })
    }

    /// Charges, or declines to. Errors: `KeyReused`, `Failed`, `Journal`.
    pub async fn charge(
        &self,
        key: &str,
        amount: Won,
        reference: &str,
    ) -> Result<ChargeRecord, SimulatorError> {
        let status = if self.behaviour.declines(key) {
            let reason = Some("the card was declined".to_owned());
            ChargeStatus::Declined { reason }
        } else {
            ChargeStatus::Approved
        };
        let charge = ChargeRecord::new(key, amount, reference, status);
        self.serve(key, |books| books.charge(charge)).await
    }

    /// The charge with this key. Never hangs and never fails, but takes its time.
    pub async fn find(&self, key: &str) -> Result<Option<ChargeRecord>, JournalError> {
        let fate = self.fate(key);
        wait(fate.latency).await;
        self.books().in_step(|books| Ok(books.records().get(key).cloned()))
    }

    /// Gives back up to what was charged under `charge_key`. `refund_key` names the refund: the
    /// same again answers as before, another one for the same charge is refused.
    pub async fn refund(
        &self,
        charge_key: &str,
        refund_key: &str,
        amount: Won,
    ) -> Result<RefundRecord, SimulatorError> {
        let refund = RefundRecord::new(refund_key, amount);
        self.serve(charge_key, |books| books.refund(charge_key, refund)).await
    }

    /// Every charge, with its refund, in the order they were made.
    pub fn charges(&self) -> Result<Vec<ChargeRecord>, JournalError> {
        self.books().in_step(|books| Ok(books.records().all().to_vec()))
    }

    /// What a request meets: half of its latency passes before anything is recorded, half after.
    async fn serve<T>(
        &self,
        key: &str,
        record: impl FnOnce(&mut Books) -> Result<T, SimulatorError>,
    ) -> Result<T, SimulatorError> {
        let fate = self.fate(key);
        wait(fate.latency / 2).await;
        let recorded = fate.ending.records().then(|| self.books().in_step(record));
        wait(fate.latency / 2).await;
        match (fate.ending, recorded) {
            (Ending::Answers, Some(answer)) => answer,
            (Ending::Hangs { .. }, _) => pending().await,
            _ => Err(SimulatorError::Failed),
        }
    }

    fn fate(&self, key: &str) -> Fate {
        if self.behaviour.is_plain() {
            return self.behaviour.fate(key, 0);
        }
        let nth = self.books().count(key);
        self.behaviour.fate(key, nth)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // Records are changed only after all that can fail, so they are whole after a panic too.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl PaymentGateway for Simulator {
    async fn charge(
        &self,
        key: &str,
        amount: Won,
        reference: &str,
    ) -> Result<Charge, GatewayError> {
        let charge = in_time(Self::charge(self, key, amount, reference)).await?;
        Ok(charge.into())
    }

    async fn find(&self, key: &str) -> Result<Option<Charge>, GatewayError> {
        let find = async { Ok(Self::find(self, key).await?) };
        Ok(in_time(find).await?.map(Charge::from))
    }

    async fn refund(&self, key: &str, amount: Won) -> Result<Refund, GatewayError> {
        let refund_key = refund_key(key);
        let refund = in_time(Self::refund(self, key, &refund_key, amount)).await?;
        Ok(refund.into())
    }
}

async fn in_time<T>(
    answer: impl Future<Output = Result<T, SimulatorError>>,
) -> Result<T, GatewayError> {
    match timeout(TIME_LIMIT, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) if error.status() < 500 => Err(GatewayError::Rejected {
            status: error.status(),
            detail: format!("{}: {error}", error.code()),
        }),
        Ok(Err(error)) => Err(GatewayError::Unknown(error.into())),
        Err(elapsed) => Err(GatewayError::Unknown(elapsed.into())),
    }
}

async fn wait(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

#[cfg(test)]
mod tests;
