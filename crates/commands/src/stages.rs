//! How much time commands spend on what, for all aggregates of this process together.

use eventlog::Spent;

/// Waiting for other commands of the same stream.
pub(crate) static QUEUE: Spent = Spent::nothing();
/// Reading a stream.
pub(crate) static READ: Spent = Spent::nothing();
pub(crate) static DECIDE: Spent = Spent::nothing();
/// Until the log says that it is stored.
pub(crate) static APPEND: Spent = Spent::nothing();

/// Each stage by its name.
pub fn all() -> [(&'static str, &'static Spent); 4] {
    [("queue", &QUEUE), ("read", &READ), ("decide", &DECIDE), ("append", &APPEND)]
}
