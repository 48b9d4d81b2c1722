//! Where a customer is reached.

use crate::InvalidValue;
use serde::{Deserialize, Serialize};

/// A telephone number as people write it: 3 to 20 digits, spaces, dashes and brackets, perhaps
/// after a `+`. `Debug` does not show it, since it is personal.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = text.into();
        let number = text.strip_prefix('+').unwrap_or(&text);
        let allowed = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')');
        let digits = number.chars().filter(char::is_ascii_digit).count();
        if text.len() <= 20 && digits >= 3 && number.chars().all(allowed) {
            Ok(Self(text))
        } else {
            let must_be = "a phone number of 3 to 20 digits, spaces, dashes or brackets";
            Err(InvalidValue { must_be })
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Phone(…)")
    }
}

impl TryFrom<String> for Phone {
    type Error = InvalidValue;
    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::new(text)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

#[cfg(test)]
mod tests {
    use super::Phone;

    #[test]
    fn takes_what_people_write() {
        for number in ["010-1234-5678", "+82 10 1234 5678", "(02)123-4567", "112"] {
            assert_eq!(Phone::new(number).unwrap().as_str(), number);
        }
    }

    #[test]
    fn refuses_what_cannot_be_called() {
        for number in ["", "12", "call me", "010\n1234", "+", "1+23", "123456789012345678901"] {
            assert!(Phone::new(number).is_err(), "{number:?}");
        }
    }

    #[test]
    fn debug_keeps_it_private() {
        assert_eq!(format!("{:?}", Phone::new("010-1234-5678").unwrap()), "Phone(…)");
    }
}
