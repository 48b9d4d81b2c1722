//! What a listener hears of.

use crate::{
    Error,
    query::{self, Page, camel_case},
    read_model::ReadModel,
    row::Row,
};

/// What somebody wants to hear of, and may.
pub struct Wanted<R> {
    pub what: What,
    pub sees: Sees<R>,
}

#[derive(Clone, Debug)]
pub enum What {
    /// The row of this key.
    Row(String),
    /// All rows that match the filters. First those of the page.
    List(Page),
}

/// Of which rows the caller may know.
pub enum Sees<R> {
    All,
    /// Only their own.
    Own(Owner),
    /// All, but not all of what is not theirs.
    Masked(Owner, fn(&mut R)),
}

/// Those rows are a customer's own that name them here.
#[derive(Clone, Debug)]
pub struct Owner {
    pub column: &'static str,
    pub id: String,
}

/// The same, as it is compared with rows.
pub(super) struct Scope<R> {
    pub(super) what: What,
    sees: Sees<R>,
    /// Columns, and what they have to be.
    filters: Vec<(&'static str, String)>,
}

impl Owner {
    fn owns(&self, row: &impl Row) -> bool {
        row.text(self.column) == Some(&self.id)
    }
}

impl<R: Row> Scope<R> {
    pub(super) fn of<M: ReadModel<Row = R>>(wanted: Wanted<R>) -> Result<Self, Error> {
        let Wanted { mut what, sees } = wanted;
        if let (What::List(page), Sees::Own(owner)) = (&mut what, &sees) {
            let own = (camel_case(owner.column), owner.id.clone());
            page.filters.retain(|filter| *filter != own);
            // First, for it is what most rows do not match.
            page.filters.insert(0, own);
        }
        let filters = match &what {
            What::Row(_) => Vec::new(),
            What::List(page) => columns::<M>(page)?,
        };
        Ok(Self { what, sees, filters })
    }

    /// The one key, if it is about one.
    pub(super) fn key(&self) -> Option<&str> {
        match &self.what {
            What::Row(key) => Some(key),
            What::List(_) => None,
        }
    }

    /// The filter that is looked at first.
    pub(super) fn filter(&self) -> Option<&(&'static str, String)> {
        self.filters.first()
    }

    /// Whether the caller may know of a row.
    pub(super) fn sees(&self, row: &R) -> bool {
        match &self.sees {
            Sees::All | Sees::Masked(..) => true,
            Sees::Own(owner) => owner.owns(row),
        }
    }

    /// Whether the caller may know of any row.
    pub(super) fn sees_all(&self) -> bool {
        !matches!(self.sees, Sees::Own(_))
    }

    /// Whether a row is among what is wanted.
    pub(super) fn has(&self, row: &R) -> bool {
        let mut filters = self.filters.iter();
        self.key().is_none_or(|key| row.key() == key)
            && self.sees(row)
            && filters.all(|(column, value)| row.text(column) == Some(value))
    }

    /// What keeps the caller from seeing all of a row, if anything does.
    pub(super) fn mask(&self, row: &R) -> Option<fn(&mut R)> {
        match &self.sees {
            Sees::Masked(owner, hide) if !owner.owns(row) => Some(*hide),
            Sees::All | Sees::Own(_) | Sees::Masked(..) => None,
        }
    }

    /// A row as the caller may see it.
    pub(super) fn shown(&self, mut row: R) -> R {
        if let Some(hide) = self.mask(&row) {
            hide(&mut row);
        }
        row
    }
}

fn columns<M: ReadModel>(page: &Page) -> Result<Vec<(&'static str, String)>, Error> {
    let filters = page.filters.iter();
    filters.map(|(name, value)| Ok((query::filter::<M>(name)?, value.clone()))).collect()
}
