//! Fields as clients send them: ids also as JSON numbers, whole numbers also as text.

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use std::fmt;

/// A JSON string.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Text(pub String);

/// A JSON string, or a whole number whose digits are the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawId(pub String);

impl<'de> Deserialize<'de> for RawId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = RawId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a whole number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawId, E> {
        Ok(RawId(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<RawId, E> {
        Ok(RawId(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<RawId, E> {
        Ok(RawId(number.to_string()))
    }
}

/// A whole number, or its digits as text. Beyond 64 bits it becomes the largest or smallest number
/// there is, which no rule of the domain allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer(pub i64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntegerVisitor)
    }
}

struct IntegerVisitor;

impl Visitor<'_> for IntegerVisitor {
    type Value = Integer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Integer, E> {
        Ok(Integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Integer, E> {
        Ok(Integer(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Integer, E> {
        if number.fract() != 0.0 {
            return Err(E::custom(format!("{number} is not a whole number")));
        }
        // Saturates, as described above.
        Ok(Integer(number as i64))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Integer, E> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(E::custom(format!("{text:?} is not a whole number")));
        }
        let beyond = if text.starts_with('-') { i64::MIN } else { i64::MAX };
        Ok(Integer(text.parse().unwrap_or(beyond)))
    }
}
