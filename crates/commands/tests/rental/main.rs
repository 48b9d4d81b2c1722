//! The rental's commands on a real log.

mod paying;
mod saga;
mod world;
