//! The café's commands on a real log.

mod execute;
mod paying;
mod reactor;
mod world;
