//! Why a command of the command line did not do its work: what happened, and what to do next.

use crate::http::problem::Causes;
use std::{error::Error, fmt};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    what: String,
    next: String,
}

impl Failure {
    pub fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into() }
    }

    /// With all causes of the error.
    pub fn of(error: &(dyn Error + 'static), next: impl Into<String>) -> Self {
        Self::new(Causes(error).to_string(), next)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.next.as_str() {
            "" => f.write_str(&self.what),
            next => write!(f, "{}. {next}", self.what),
        }
    }
}

/// Of standard output, signals and sockets.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::of(&error, "If it is the output that cannot be written, see where it goes.")
    }
}
