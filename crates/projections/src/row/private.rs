//! Fields that hold what is personal. Views keep it as the events have it, sealed, so folding and
//! comparing need no keys. It is opened after rows are read, on their way to those who may see them.

use super::{BoxError, Field, Row};
use crate::Error;
use async_trait::async_trait;
use domain::shared::personal::Personal;
use serde::{Serialize, Serializer};
use tokio_postgres::types::Type;

/// A name or a telephone number: text in the table. In JSON it is what it says, and null when it is
/// not opened, as when its key is forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct Private(pub Personal);

/// Turns what is sealed into what it says.
#[async_trait]
pub trait Opener: Send + Sync + 'static {
    /// All of these at once. What cannot be opened any more is left as it is, and shows nothing.
    async fn open(&self, fields: Vec<&mut Personal>) -> Result<(), BoxError>;
}

/// Opens nothing.
#[derive(Clone, Copy, Debug)]
pub struct Closed;

#[async_trait]
impl Opener for Closed {
    async fn open(&self, _: Vec<&mut Personal>) -> Result<(), BoxError> {
        Ok(())
    }
}

/// Opens what is personal of these rows. Rows of which nothing is take no time.
pub async fn open<'a, R: Row>(
    opener: &dyn Opener,
    rows: impl IntoIterator<Item = &'a mut R>,
) -> Result<(), Error> {
    if !R::COLUMNS.iter().any(|column| column.is_personal) {
        return Ok(());
    }
    let fields = rows.into_iter().flat_map(|row| row.personal()).map(|field| &mut field.0);
    let sealed: Vec<_> = fields.filter(|field| field.sealed().is_some()).collect();
    if sealed.is_empty() {
        return Ok(());
    }
    opener.open(sealed).await.map_err(Error::Sealed)
}

impl Private {
    /// What it says, if it is open.
    pub fn shown(&self) -> Option<&str> {
        self.0.plain()
    }
}

impl From<&Personal> for Private {
    fn from(personal: &Personal) -> Self {
        Self(personal.clone())
    }
}

impl Field for Private {
    const SQL_TYPE: Type = Type::TEXT;
    const IS_PERSONAL: bool = true;
    type Sent<'a> = String;
    type Read = String;

    fn sent(&self) -> String {
        self.0.as_text().into_owned()
    }

    fn from_read(read: String) -> Self {
        Self(Personal::from_text(read))
    }

    fn personal(&mut self) -> Option<&mut Self> {
        Some(self)
    }
}

impl Serialize for Private {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.shown().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::shared::personal::Sealed;
    use uuid::Uuid;

    #[test]
    fn what_is_not_opened_shows_nothing() {
        let sealed = Sealed { key: Uuid::nil(), sealed: "AAAA".to_owned() };
        let shown = [Personal::Plain("김민".to_owned()), Personal::Sealed(sealed)].map(Private);
        assert_eq!(serde_json::to_string(&shown).unwrap(), r#"["김민",null]"#);
        let back = shown.clone().map(|field| Private::from_read(field.sent()));
        assert_eq!(back, shown);
    }
}
