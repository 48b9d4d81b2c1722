//! What the simulator remembers, in memory and in its journal.

use crate::payment::{Charge, ChargeStatus, Refund};
use domain::Won;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

/// One charge, approved or declined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChargeRecord {
    pub key: String,
    pub reference: String,
    pub charge_id: String,
    #[serde(flatten)]
    pub status: ChargeStatus,
    pub amount: Won,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<RefundRecord>,
}

/// The one refund of a charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundRecord {
    pub key: String,
    pub refund_id: String,
    pub amount: Won,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Entry {
    Charged(ChargeRecord),
    Refunded { charge_key: String, refund: RefundRecord },
}

/// All charges, in the order they were made.
#[derive(Debug, Default)]
pub(super) struct Records {
    charges: Vec<ChargeRecord>,
    by_key: HashMap<String, usize>,
}

impl ChargeRecord {
    pub(super) fn new(key: &str, amount: Won, reference: &str, status: ChargeStatus) -> Self {
        Self {
            key: key.to_owned(),
            reference: reference.to_owned(),
            charge_id: format!("ch_{}", id_of("charge", key)),
            status,
            amount,
            refund: None,
        }
    }

    pub(super) fn same_request(&self, other: &Self) -> bool {
        self.amount == other.amount && self.reference == other.reference
    }
}

impl RefundRecord {
    pub(super) fn new(key: &str, amount: Won) -> Self {
        Self { key: key.to_owned(), refund_id: format!("re_{}", id_of("refund", key)), amount }
    }
}

impl Records {
    pub(super) fn get(&self, key: &str) -> Option<&ChargeRecord> {
        self.by_key.get(key).map(|&index| &self.charges[index])
    }

    pub(super) fn all(&self) -> &[ChargeRecord] {
        &self.charges
    }

    pub(super) fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Charged(charge) => {
                self.by_key.insert(charge.key.clone(), self.charges.len());
                self.charges.push(charge);
            }
            Entry::Refunded { charge_key, refund } => {
                if let Some(&index) = self.by_key.get(&charge_key) {
                    self.charges[index].refund = Some(refund);
                }
            }
        }
    }
}

impl From<ChargeRecord> for Charge {
    fn from(record: ChargeRecord) -> Self {
        Self {
            charge_id: record.charge_id,
            status: record.status,
            amount: record.amount,
            refunded: record.refund.is_some(),
        }
    }
}

impl From<RefundRecord> for Refund {
    fn from(record: RefundRecord) -> Self {
        Self { refund_id: record.refund_id, amount: record.amount }
    }
}

/// The same for the same key, in every process and after every restart.
fn id_of(what: &str, key: &str) -> uuid::fmt::Simple {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{what} {key}").as_bytes()).simple()
}
