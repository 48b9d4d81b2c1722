//! What the tests of every crate share: a database of their own, a stand-in for EventStoreDB, and a
//! TCP proxy and a receiver of notices that misbehave on demand, and an issuer of tokens.

pub mod collector;
pub mod issuer;
pub mod notice_receiver;
pub mod postgres;
pub mod proxy;
pub mod stand_in;
