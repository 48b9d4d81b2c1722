//! Promises that an answer waits for, and what becomes of them when a process dies in between.

mod market;
mod restaurant;
mod warehouse;
mod world;
