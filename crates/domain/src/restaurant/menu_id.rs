//! How a dish of a restaurant is known.

use crate::{Id, InvalidValue};
use serde::{Deserialize, Serialize};

/// `<restaurant>.<menu>`: two ids without dots, 64 characters together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MenuId {
    restaurant: Id,
    menu: Id,
}

impl MenuId {
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = text.into();
        let must_be = "<restaurant>.<menu>, two ids without dots, 64 characters at most";
        let invalid = || InvalidValue { must_be };
        let (restaurant, menu) = text.split_once('.').ok_or_else(invalid)?;
        if menu.contains('.') || text.len() > 64 {
            return Err(invalid());
        }
        let (restaurant, menu) = (Id::new(restaurant), Id::new(menu));
        Ok(Self {
            restaurant: restaurant.map_err(|_| invalid())?,
            menu: menu.map_err(|_| invalid())?,
        })
    }

    /// Of its two parts.
    pub fn of(restaurant: &Id, menu: &Id) -> Result<Self, InvalidValue> {
        Self::new(format!("{restaurant}.{menu}"))
    }

    pub fn restaurant(&self) -> &Id {
        &self.restaurant
    }

    pub fn menu(&self) -> &Id {
        &self.menu
    }
}

impl std::fmt::Display for MenuId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.restaurant, self.menu)
    }
}

impl TryFrom<String> for MenuId {
    type Error = InvalidValue;
    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::new(text)
    }
}

impl From<MenuId> for String {
    fn from(id: MenuId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::MenuId;
    use crate::Id;

    #[test]
    fn has_two_parts() {
        let id = MenuId::new("1.12").unwrap();
        assert_eq!((id.restaurant().as_str(), id.menu().as_str()), ("1", "12"));
        assert_eq!(id.to_string(), "1.12");
    }

    #[test]
    fn no_two_dishes_have_the_same_one() {
        let of = |restaurant, menu| {
            let (restaurant, menu) = (Id::new(restaurant), Id::new(menu));
            MenuId::of(&restaurant.unwrap(), &menu.unwrap())
        };
        assert!(of("a", "b").is_ok());
        assert!(of("a.b", "c").is_err());
        assert!(of("a", "b.c").is_err());
    }

    #[test]
    fn refuses_what_is_no_id() {
        let long = format!("{}.1", "a".repeat(63));
        for text in ["", "1", ".", "1.", ".1", "1.2.3", "1.?", &long] {
            assert!(MenuId::new(text).is_err(), "{text:?}");
        }
    }
}
