//! Where a stream stands: the id of its events.

use eventlog::{InvalidPosition, Position};
use std::{fmt, str::FromStr};

/// Everything up to a position is known, of a generation of the view: `120-120.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub position: Position,
    /// `None`, as of a position that a command answered: whichever the view has.
    pub generation: Option<i64>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of an event is a log position and a number, as 120-120.3")]
pub struct InvalidMark;

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, generation } = self;
        match generation {
            Some(generation) => write!(f, "{position}.{generation}"),
            None => write!(f, "{position}"),
        }
    }
}

impl FromStr for Mark {
    type Err = InvalidMark;

    fn from_str(text: &str) -> Result<Self, InvalidMark> {
        let (position, generation) = match text.split_once('.') {
            Some((position, generation)) => (position, Some(generation)),
            None => (text, None),
        };
        let position = position.parse().map_err(|_: InvalidPosition| InvalidMark)?;
        let generation = generation.map(str::parse).transpose().map_err(|_| InvalidMark)?;
        Ok(Self { position, generation })
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidMark, Mark};
    use eventlog::Position;

    #[test]
    fn is_read_as_it_is_written() {
        let position = Position { commit: 12, prepare: 7 };
        for (text, generation) in [("12-7.3", Some(3)), ("12-7", None)] {
            let mark = Mark { position, generation };
            assert_eq!((text.parse(), mark.to_string().as_str()), (Ok(mark), text));
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in ["", "12", "12-7.", "12-7.x", ".3", "12-7.3.4"] {
            assert_eq!(text.parse::<Mark>(), Err(InvalidMark), "{text}");
        }
    }
}
