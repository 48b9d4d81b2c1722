//! The café's commands on a real log.

mod execute;
mod hot_stream;
mod paying;
mod poison;
mod reactor;
mod world;
