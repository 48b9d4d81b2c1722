//! Fields that hold one of a closed set of words.

use super::{BoxError, Field, Literal};
use serde::{Serialize, Serializer};
use tokio_postgres::types::{FromSql, Type};

/// A field that holds one of the words of `L`: text in the table, a string in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Word<L>(pub L);

impl<L: Literal> Field for Word<L> {
    const SQL_TYPE: Type = Type::TEXT;
    type Sent<'a> = &'static str;
    type Read = Self;

    fn sent(&self) -> &'static str {
        self.0.word()
    }

    fn from_read(read: Self) -> Self {
        read
    }

    fn text(&self) -> Option<&str> {
        Some(self.0.word())
    }

    fn words() -> Vec<&'static str> {
        L::ALL.iter().map(|literal| literal.word()).collect()
    }
}

impl<'a, L: Literal> FromSql<'a> for Word<L> {
    fn from_sql(sql_type: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        let word = <&str>::from_sql(sql_type, raw)?;
        let known = L::ALL.iter().find(|literal| literal.word() == word);
        let unknown = || format!("no row of this program holds the word {word:?}").into();
        known.map(|literal| Self(*literal)).ok_or_else(unknown)
    }

    fn accepts(sql_type: &Type) -> bool {
        <&str as FromSql>::accepts(sql_type)
    }
}

impl<L: Literal> Serialize for Word<L> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}
