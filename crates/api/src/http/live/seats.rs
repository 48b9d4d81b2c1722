//! How many streams there are at once.

use crate::http::{auth::Caller, problem::Problem};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub all: usize,
    /// Of one caller with a name. Who has the service's key, or is on its machine, speaks for many.
    pub each: usize,
}

/// Gives out the seats of those who listen.
#[derive(Clone, Debug)]
pub struct Streams(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    limits: Limits,
    count: Mutex<Count>,
}

#[derive(Debug, Default)]
struct Count {
    all: usize,
    by_caller: HashMap<String, usize>,
}

/// The right to listen, until dropped.
#[derive(Debug)]
pub struct Seat {
    taken: Arc<Taken>,
    caller: Option<String>,
}

impl Streams {
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Taken { limits, count: Mutex::default() }))
    }

    /// How many are taken.
    pub fn open(&self) -> usize {
        self.0.change(|count| count.all)
    }

    pub fn take(&self, caller: &Caller) -> Result<Seat, Problem> {
        let Limits { all, each } = self.0.limits;
        let name = caller.is_known().then(|| caller.actor());
        let refused = self.0.change(|count| {
            let own = name.as_ref().and_then(|name| count.by_caller.get(name)).copied();
            if count.all >= all {
                return Some(format!("there are {all} streams already"));
            }
            if own.unwrap_or(0) >= each {
                return Some(format!("you have {each} streams already"));
            }
            count.all += 1;
            if let Some(name) = name.clone() {
                *count.by_caller.entry(name).or_default() += 1;
            }
            None
        });
        match refused {
            None => Ok(Seat { taken: self.0.clone(), caller: name }),
            Some(detail) => Err(Problem::unavailable("too-many-streams", detail, RETRY_AFTER)),
        }
    }
}

impl Taken {
    fn change<T>(&self, change: impl FnOnce(&mut Count) -> T) -> T {
        change(&mut self.count.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.taken.change(|count| {
            count.all -= 1;
            let Some(name) = &self.caller else { return };
            if let Some(own) = count.by_caller.get_mut(name) {
                *own -= 1;
                if *own == 0 {
                    count.by_caller.remove(name);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::auth::Role;

    fn code(taken: Result<Seat, Problem>) -> String {
        taken.err().map(|problem| problem.code().to_owned()).unwrap_or_default()
    }

    #[test]
    fn there_are_so_many_seats_and_those_of_who_left_are_free() {
        let streams = Streams::new(Limits { all: 2, each: 1 });
        let first = streams.take(&Caller::local()).unwrap();
        let _second = streams.take(&Caller::local()).unwrap();
        assert_eq!(code(streams.take(&Caller::key_holder())), "too-many-streams");
        drop(first);
        assert!(streams.take(&Caller::key_holder()).is_ok());
    }

    #[test]
    fn who_has_a_name_has_so_many_and_others_have_theirs() {
        let streams = Streams::new(Limits { all: 10, each: 2 });
        let known = |name: &str| Caller::known(Role::Customer, name.to_owned().try_into().unwrap());
        let min = [streams.take(&known("min")).unwrap(), streams.take(&known("min")).unwrap()];
        assert_eq!(code(streams.take(&known("min"))), "too-many-streams");
        let _max = streams.take(&known("max")).unwrap();
        drop(min);
        assert_eq!((streams.open(), streams.0.change(|count| count.by_caller.len())), (1, 1));
        assert!(streams.take(&known("min")).is_ok());
    }
}
