//! What a review says.

use crate::InvalidValue;
use serde::{Deserialize, Serialize};

/// How good it was: 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Score(i64);

impl Score {
    pub fn new(score: i64) -> Result<Self, InvalidValue> {
        if (1..=5).contains(&score) {
            Ok(Self(score))
        } else {
            Err(InvalidValue { must_be: "1 to 5" })
        }
    }

    pub fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Score {
    type Error = InvalidValue;
    fn try_from(score: i64) -> Result<Self, InvalidValue> {
        Self::new(score)
    }
}

impl From<Score> for i64 {
    fn from(score: Score) -> Self {
        score.0
    }
}

/// In the renter's own words: 1 to 1000 characters, which may be on several lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text(String);

impl Text {
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = text.into();
        let printable = !text.chars().any(|c| c.is_control() && c != '\n');
        if printable && !text.trim().is_empty() && text.chars().count() <= 1000 {
            Ok(Self(text))
        } else {
            let must_be = "1 to 1000 printable characters";
            Err(InvalidValue { must_be })
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Text {
    type Error = InvalidValue;
    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::new(text)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_one_to_five() {
        assert!([1, 5].map(Score::new).iter().all(Result::is_ok));
        assert!([0, 6, -1].map(Score::new).iter().all(Result::is_err));
    }

    #[test]
    fn a_text_may_have_lines_and_must_say_something() {
        assert!(Text::new("좋아요\n또 빌릴게요").is_ok());
        for text in ["", " \n ", "a\tb", &"가".repeat(1001)] {
            assert!(Text::new(text).is_err(), "{text:?}");
        }
    }
}
