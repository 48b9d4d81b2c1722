//! The café's commands on a real log.

mod execute;
mod guard;
mod hot_stream;
mod paying;
mod poison;
mod reactor;
mod world;
