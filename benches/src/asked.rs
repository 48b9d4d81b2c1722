//! What is to be measured, and what that needs to be compared with.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

/// All there is, in the order in which it is measured.
pub const IDS: [&str; 12] =
    ["L1", "start", "C1", "C1p", "C2", "P1", "C3", "L2", "L3", "L4", "R1", "Q1"];

/// What each is given as a part of.
const LIMITS: [(&str, &str); 5] =
    [("C1", "L1"), ("C1p", "L1"), ("C2", "L1"), ("Q1", "L1"), ("R1", "L4")];

#[derive(Clone, Debug)]
pub struct Asked(BTreeSet<String>);

impl Asked {
    /// None asks for all.
    pub fn of(only: &[String]) -> Self {
        let only: BTreeSet<String> = match only {
            [] => IDS.iter().map(|id| (*id).to_owned()).collect(),
            some => some.iter().cloned().collect(),
        };
        let limits = LIMITS.iter().filter(|(id, _)| only.contains(*id));
        let limits: Vec<String> = limits.map(|(_, limit)| (*limit).to_owned()).collect();
        Self(only.into_iter().chain(limits).collect())
    }

    pub fn any(&self, ids: &[&str]) -> bool {
        ids.iter().any(|id| self.0.contains(*id))
    }

    /// Whether it is to be measured now, which is told.
    pub fn begins(&self, id: &str) -> bool {
        let asked = self.any(&[id]);
        if asked {
            progress(&format!("measuring {id}"));
        }
        asked
    }
}

/// Measuring goes on when nobody reads it.
pub fn progress(what: &str) {
    let _ = writeln!(io::stdout(), "{what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_measured_with_what_is_compared_with_them() {
        let asked = Asked::of(&["R1".to_owned()]);
        assert!(asked.any(&["L4"]) && !asked.any(&["L1", "Q1"]));
        assert!(IDS.iter().all(|id| Asked::of(&[]).any(&[id])));
    }
}
