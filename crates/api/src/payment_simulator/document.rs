//! What the simulator reads and answers.

use crate::http::extract::{Need, Text, Value};
use commands::payment::simulator::{ChargeRecord, RefundRecord};
use domain::{InvalidValue, Won, shared::Name};
use schemars::{Schema, json_schema};
use serde::{Deserialize, Serialize};

/// The key of a charge or a refund: 1 to 200 of `A–Z a–z 0–9 _ . : -`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

/// Fields beyond these are ignored, as gateways do.
#[derive(Debug, Deserialize)]
pub struct ChargeRequest {
    pub key: Need<Key>,
    pub amount: Need<Won>,
    pub reference: Need<Name>,
}

#[derive(Debug, Deserialize)]
pub struct RefundRequest {
    pub key: Need<Key>,
    pub amount: Need<Won>,
}

/// A charge, with its refund when there is one.
#[derive(Debug, Serialize)]
pub struct ChargeAnswer {
    #[serde(flatten)]
    record: ChargeRecord,
    refunded: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundAnswer {
    charge_key: String,
    #[serde(flatten)]
    record: RefundRecord,
}

/// All that happened, in the order the charges were made.
#[derive(Debug, Serialize)]
pub struct Listing {
    charges: Vec<ChargeAnswer>,
    refunds: Vec<RefundAnswer>,
}

impl Key {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Key {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-');
        if (1..=200).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            let must_be = "1 to 200 letters, digits, dots, colons, dashes or underscores";
            Err(InvalidValue { must_be })
        }
    }
}

impl Value for Key {
    type Sent = Text;

    fn read(Text(text): Text) -> Result<Self, InvalidValue> {
        text.try_into()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,200}$" })
    }
}

impl RefundAnswer {
    pub fn new(charge_key: &str, record: RefundRecord) -> Self {
        Self { charge_key: charge_key.to_owned(), record }
    }
}

impl From<ChargeRecord> for ChargeAnswer {
    fn from(record: ChargeRecord) -> Self {
        Self { refunded: record.refund.is_some(), record }
    }
}

impl From<Vec<ChargeRecord>> for Listing {
    fn from(records: Vec<ChargeRecord>) -> Self {
        let refund = |charge: &ChargeRecord| {
            let refund = charge.refund.clone()?;
            Some(RefundAnswer::new(&charge.key, refund))
        };
        Self {
            refunds: records.iter().filter_map(refund).collect(),
            charges: records.into_iter().map(ChargeAnswer::from).collect(),
        }
    }
}
