//! What the process tells of itself as it goes: lines of the log, and traces.

pub mod logs;
mod message;
pub mod traces;
