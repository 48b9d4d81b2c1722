//! Values that every context uses. One that exists is valid.

pub mod personal;
pub mod phone;
pub mod reservations;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A point in time, UTC, microseconds.
pub type Instant = DateTime<Utc>;

/// Why a value cannot be: outside its rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {must_be}")]
pub struct InvalidValue {
    pub must_be: &'static str,
}

/// The id of an aggregate: 1 to 64 of `A–Z a–z 0–9 _ . -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(String);

impl Id {
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = text.into();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if (1..=64).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            let must_be = "1 to 64 letters, digits, dots, dashes or underscores";
            Err(InvalidValue { must_be })
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Id {
    type Error = InvalidValue;
    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::new(text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl From<uuid::Uuid> for Id {
    fn from(id: uuid::Uuid) -> Self {
        Self(id.to_string())
    }
}

/// Words that people read, such as a product's or a person's name: 1 to 100 printable characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = text.into();
        let printable = !text.chars().any(char::is_control) && !text.trim().is_empty();
        if printable && text.chars().count() <= 100 {
            Ok(Self(text))
        } else {
            let must_be = "1 to 100 printable characters";
            Err(InvalidValue { must_be })
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = InvalidValue;
    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::new(text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

/// How many: 1 to 1 000 000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(i64);

impl Quantity {
    pub fn new(count: i64) -> Result<Self, InvalidValue> {
        if (1..=1_000_000).contains(&count) {
            Ok(Self(count))
        } else {
            let must_be = "1 to 1000000";
            Err(InvalidValue { must_be })
        }
    }

    pub fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Quantity {
    type Error = InvalidValue;
    fn try_from(count: i64) -> Result<Self, InvalidValue> {
        Self::new(count)
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

/// Money in whole won (KRW): 1 to 1 000 000 000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Won(i64);

impl Won {
    pub fn new(amount: i64) -> Result<Self, InvalidValue> {
        if (1..=1_000_000_000).contains(&amount) {
            Ok(Self(amount))
        } else {
            let must_be = "1 to 1000000000 won";
            Err(InvalidValue { must_be })
        }
    }

    pub fn get(self) -> i64 {
        self.0
    }

    /// As Koreans write it: `12,345원`.
    pub fn in_words(self) -> String {
        let digits = self.0.to_string();
        let mut text = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text + "원"
    }

    /// The price of `quantity` at this price each.
    pub fn times(self, quantity: Quantity) -> Result<Self, InvalidValue> {
        Self::new(self.0 * quantity.0)
    }
}

impl TryFrom<i64> for Won {
    type Error = InvalidValue;
    fn try_from(amount: i64) -> Result<Self, InvalidValue> {
        Self::new(amount)
    }
}

impl From<Won> for i64 {
    fn from(won: Won) -> Self {
        won.0
    }
}
