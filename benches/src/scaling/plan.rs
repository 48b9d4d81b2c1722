//! From what is wanted to what it takes: as long as something is busier than it may be, what is
//! busiest is given more.

use super::measured::Measured;

/// What is wanted at the peak.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// How many times the first.
    pub times: u32,
    pub orders: f64,
    pub queries: f64,
}

/// What there is to be had.
#[derive(Clone, Copy, Debug)]
pub struct Machines {
    pub cores: f64,
    pub database_cores: f64,
    /// Which part of one may be busy.
    pub busy: f64,
}

/// How it is set up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// PostgreSQL has a machine of its own, and so has each process.
    pub is_split: bool,
    pub apis: u32,
    pub workers: u32,
    /// Of each view's keys.
    pub shares: u32,
    pub has_eventstore: bool,
    /// Of views: the contexts' own.
    pub databases: u32,
}

/// What may become too little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Machine,
    Api,
    Worker,
    View,
    Postgres,
}

/// One thing that is added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    pub short: Resource,
    /// How busy it would be: 1 is all of it.
    pub busy: f64,
    /// None: nothing helps but a second one of everything.
    pub then: Option<Setup>,
}

#[derive(Clone, Debug)]
pub struct Plan {
    pub wanted: Wanted,
    pub steps: Vec<Step>,
    pub setup: Setup,
    /// What each part takes of its machine in the end.
    pub busy: Vec<(Resource, f64)>,
}

/// There are five contexts, and so at most as many databases of views.
const CONTEXTS: u32 = 5;

/// More would follow the log, and each of them all of it.
const PROCESSES: u32 = 64;

const SHARES: u32 = 64;

impl Setup {
    const FIRST: Self = Self {
        is_split: false,
        apis: 1,
        workers: 1,
        shares: 1,
        has_eventstore: false,
        databases: 1,
    };

    /// With more of what is short. A process more is one machine more; a view is cut in two.
    fn with_more(self, short: Resource) -> Option<Self> {
        match short {
            Resource::Machine => Some(Self { is_split: true, ..self }),
            Resource::Api => (self.apis < PROCESSES).then(|| Self { apis: self.apis + 1, ..self }),
            Resource::Worker if self.workers < PROCESSES => {
                Some(Self { workers: self.workers + 1, ..self })
            }
            Resource::View if self.shares < SHARES => {
                let shares = self.shares * 2;
                Some(Self { shares, workers: self.workers.max(shares), ..self })
            }
            Resource::Postgres if !self.has_eventstore => {
                Some(Self { has_eventstore: true, ..self })
            }
            Resource::Postgres if self.databases < CONTEXTS => {
                Some(Self { databases: CONTEXTS, ..self })
            }
            Resource::Worker | Resource::View | Resource::Postgres => None,
        }
    }
}

impl Plan {
    pub fn of(measured: &Measured, machines: Machines, wanted: Wanted) -> Self {
        let (mut setup, mut steps) = (Setup::FIRST, Vec::new());
        loop {
            let busy = busy(measured, machines, wanted, setup);
            let most = busy.iter().copied().max_by(|one, other| one.1.total_cmp(&other.1));
            let Some((short, most)) = most.filter(|most| most.1 > machines.busy) else {
                return Self { wanted, steps, setup, busy };
            };
            let then = setup.with_more(short);
            steps.push(Step { short, busy: most, then });
            match then {
                Some(more) => setup = more,
                None => return Self { wanted, steps, setup, busy },
            }
        }
    }

    /// Whether it can be done so.
    pub fn is_enough(&self) -> bool {
        self.steps.iter().all(|step| step.then.is_some())
    }
}

/// How busy each resource is.
fn busy(
    measured: &Measured,
    machines: Machines,
    wanted: Wanted,
    setup: Setup,
) -> Vec<(Resource, f64)> {
    let (orders, facts) = (wanted.orders, wanted.orders * measured.full().facts);
    let (apis, workers) = (f64::from(setup.apis), f64::from(setup.workers));
    let (follower, joining) = (measured.follower(), measured.joining_worker());
    let queries = |part: fn(&_) -> f64| measured.queries.each(part) * wanted.queries;
    // Requests are spread; the log is followed by each.
    let api = (measured.cores(orders, |cores| cores.api) + queries(|cores| cores.api)) / apis
        + follower[0] * facts * (apis - 1.0) / apis;
    let worker = (measured.cores(orders, |cores| cores.worker)
        + joining[0] * facts * (workers - 1.0))
        / workers;
    let log_is_here = if setup.has_eventstore { 0.0 } else { measured.part_of_log() };
    let followers = follower[1] * (apis - 1.0) + joining[1] * (workers - 1.0);
    let stored = measured.cores(orders, |cores| cores.postgres);
    let views = (stored * (1.0 - measured.part_of_log()) + queries(|cores| cores.postgres))
        / f64::from(setup.databases);
    let postgres =
        stored * log_is_here + views + if setup.has_eventstore { 0.0 } else { followers * facts };
    let view = orders * measured.full().view_micros * 1e-6 / f64::from(setup.shares);
    if setup.is_split {
        vec![
            (Resource::Api, api / machines.cores),
            (Resource::Worker, worker / machines.cores),
            (Resource::View, view),
            (Resource::Postgres, postgres / machines.database_cores),
        ]
    } else {
        vec![
            (Resource::Machine, (api + worker + postgres) / machines.cores),
            (Resource::View, view),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{super::measured::tests::made_up, *};

    const MACHINES: Machines = Machines { cores: 4.0, database_cores: 16.0, busy: 0.6 };

    fn plan(orders: f64) -> Plan {
        Plan::of(&made_up(), MACHINES, Wanted { times: 1, orders, queries: orders * 10.0 })
    }

    #[test]
    fn a_small_shop_is_one_machine() {
        let plan = plan(100.0);
        assert_eq!((plan.setup, plan.steps.len()), (Setup::FIRST, 0));
        // 0.11 + 0.03 + 0.22 for orders, 0.03 + 0.01 for queries, of four.
        assert!((plan.busy[0].1 - 0.1).abs() < 1e-9, "{:?}", plan.busy);
    }

    #[test]
    fn what_is_short_is_what_gets_more() {
        let plan = plan(20_000.0);
        let short: Vec<_> = plan.steps.iter().map(|step| step.short).collect();
        assert_eq!(short[..2], [Resource::Machine, Resource::Api], "{:?}", plan.steps);
        assert!(plan.is_enough() && plan.setup.has_eventstore && plan.setup.shares == 2);
        assert!(plan.busy.iter().all(|(_, busy)| *busy <= MACHINES.busy), "{:?}", plan.busy);
    }

    #[test]
    fn more_is_never_done_with_less() {
        let mut last = plan(1.0).setup;
        for orders in (0..20).map(|power| 1.7_f64.powi(power)) {
            let Setup { is_split, apis, workers, shares, has_eventstore, databases } =
                plan(orders).setup;
            assert!(is_split >= last.is_split && apis >= last.apis && workers >= last.workers);
            assert!(shares >= last.shares && databases >= last.databases);
            assert!(has_eventstore >= last.has_eventstore);
            last = plan(orders).setup;
        }
    }

    #[test]
    fn it_says_when_nothing_helps() {
        let plan = plan(10_000_000.0);
        assert!(!plan.is_enough(), "{:?}", plan.setup);
    }
}
