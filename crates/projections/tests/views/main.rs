//! The engine on a real PostgreSQL.

#[cfg(test)]
mod any_history;
#[cfg(test)]
mod exactly_once;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod live;
#[cfg(test)]
mod parked;
#[cfg(test)]
mod poison;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod rebuild;
#[cfg(test)]
mod shares;
mod timeline;
