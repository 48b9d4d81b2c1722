//! The plan for people, in Markdown.

use super::{
    measured::{Cores, Measured},
    plan::{Plan, Resource, Setup, Step},
};
use std::fmt::Write;

/// What each part costs, what a process more costs, and what is to be added as it grows.
pub fn of(measured: &Measured, plans: &[Plan]) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = costs(measured, &mut text).and_then(|()| growth(plans, &mut text));
    text
}

fn costs(measured: &Measured, out: &mut String) -> std::fmt::Result {
    let condition = |name| measured.conditions.get(name).map_or("unknown", String::as_str);
    let (cores, cpu, commit) = (condition("cores"), condition("cpu"), condition("commit"));
    writeln!(out, "Measured {}, on {cores} cores ({cpu}), commit `{commit}`.\n", measured.date)?;
    writeln!(
        out,
        "| microseconds of a core | api | worker | PostgreSQL | WAL, bytes | flushes | the longest view |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    for load in measured.loads.iter().filter(|load| load.per_second > 0.0) {
        let each = |part: fn(&Cores) -> f64| load.each(part) * 1e6;
        writeln!(
            out,
            "| an order, at {:.0}/s | {:.0} | {:.0} | {:.0} | {:.0} | {:.2} | {:.0} µs |",
            load.per_second,
            each(|cores| cores.api),
            each(|cores| cores.worker),
            each(|cores| cores.postgres),
            load.wal_bytes,
            load.flushes,
            load.view_micros,
        )?;
    }
    let (alone, queries) = (measured.unfollowed, measured.queries);
    let micros = |seconds: f64| seconds * 1e6;
    writeln!(
        out,
        "| an order that nobody follows, at {:.0}/s | {:.0} | – | {:.0} | {:.0} | {:.2} | – |",
        alone.per_second,
        micros(alone.each(|cores| cores.api)),
        micros(alone.each(|cores| cores.postgres)),
        alone.wal_bytes,
        alone.flushes,
    )?;
    writeln!(
        out,
        "| a query, at {:.0}/s | {:.0} | – | {:.0} | – | – | – |",
        queries.per_second,
        micros(queries.each(|cores| cores.api)),
        micros(queries.each(|cores| cores.postgres)),
    )?;
    let ([own, postgres], [workers, more]) = (measured.follower(), measured.joining_worker());
    let [own, postgres, workers, more] = [own, postgres, workers, more].map(micros);
    writeln!(out, "| a fact, for each api more | {own:.1} | – | {postgres:.1} | – | – | – |")?;
    writeln!(out, "| a fact, for each worker more | – | {workers:.1} | {more:.1} | – | – | – |")?;
    let idle = measured.loads.first().map(|load| load.cores).unwrap_or_default();
    let [api, worker, postgres] =
        [idle.api, idle.worker, idle.postgres].map(|cores| cores * 1000.0);
    writeln!(
        out,
        "\nAn order makes {:.0} facts. With nothing to do they take {api:.1}, {worker:.1} and {postgres:.1} \
         thousandths of a core. On disk an order takes {:.0} bytes of log and {:.0} of all else.\n",
        measured.full().facts,
        measured.stored.log,
        measured.stored.other,
    )
}

fn growth(plans: &[Plan], out: &mut String) -> std::fmt::Result {
    writeln!(out, "| | orders/s, queries/s | what is short, and what is added | in the end |")?;
    writeln!(out, "|---|---|---|---|")?;
    for plan in plans {
        let (orders, queries) = (plan.wanted.orders, plan.wanted.queries);
        let steps = steps(&plan.steps);
        let busy: Vec<_> = plan
            .busy
            .iter()
            .map(|(part, busy)| format!("{} {:.0} %", name(*part), busy * 100.0))
            .collect();
        let end =
            if plan.is_enough() { setup(plan.setup) } else { "not with one of it".to_owned() };
        writeln!(
            out,
            "| {}× | {orders:.0}, {queries:.0} | {steps} | {end}: {} |",
            plan.wanted.times,
            busy.join(", ")
        )?;
    }
    Ok(())
}

/// What is short, how short it is the first time, and what is there of it in the end.
fn steps(steps: &[Step]) -> String {
    let mut kinds: Vec<(&Step, String)> = Vec::new();
    for step in steps {
        let added = added(step);
        let is_more =
            |(first, _): &&mut (&Step, String)| first.short == step.short && is_counted(step);
        match kinds.iter_mut().find(is_more) {
            Some((_, last)) => *last = added,
            None => kinds.push((step, added)),
        }
    }
    let kinds: Vec<_> = kinds
        .into_iter()
        .map(|(first, added)| {
            format!("{} at {:.0} %: {added}", name(first.short), first.busy * 100.0)
        })
        .collect();
    if kinds.is_empty() { "nothing".to_owned() } else { kinds.join("; ") }
}

/// More of the same is added again and again.
fn is_counted(step: &Step) -> bool {
    step.then.is_some() && step.short != Resource::Postgres
}

fn added(step: &Step) -> String {
    match (step.short, step.then) {
        (_, None) => "nothing more helps".to_owned(),
        (Resource::Machine, _) => "a machine for each".to_owned(),
        (Resource::Api, Some(then)) => format!("{} of it", then.apis),
        (Resource::Worker, Some(then)) => format!("{} of it", then.workers),
        (Resource::View, Some(then)) => format!("{} shares", then.shares),
        (Resource::Postgres, Some(then)) if then.databases > 1 => {
            "a database for each context".to_owned()
        }
        (Resource::Postgres, Some(_)) => "EventStoreDB for the log".to_owned(),
    }
}

fn name(resource: Resource) -> &'static str {
    match resource {
        Resource::Machine => "the machine",
        Resource::Api => "api",
        Resource::Worker => "worker",
        Resource::View => "a view's one worker",
        Resource::Postgres => "PostgreSQL",
    }
}

fn setup(setup: Setup) -> String {
    let Setup { is_split, apis, workers, databases, .. } = setup;
    if is_split {
        let log = if setup.has_eventstore { ", EventStoreDB" } else { "" };
        format!("{apis} api, {workers} worker, {databases} PostgreSQL{log}")
    } else {
        "one machine".to_owned()
    }
}
