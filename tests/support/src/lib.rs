//! What the tests of every crate share: a database of their own, a stand-in for EventStoreDB, and a
//! TCP proxy that misbehaves on demand.

pub mod postgres;
pub mod proxy;
pub mod stand_in;
