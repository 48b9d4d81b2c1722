//! The café's commands on a real log.

mod execute;
mod paying;
mod poison;
mod reactor;
mod world;
