//! How things stand at the moment: followers, the breaker, health, notices, connections.

use super::text::{Kind, Text};
use crate::http::health::{Report, Status};
use commands::{
    notices::Waiting,
    payment::breaker::{Counts, Standing as BreakerStanding},
};
use deadpool_postgres::Pool;
use eventlog::consumer::Standing;

pub(super) fn tell_health(text: &mut Text, report: &Report) {
    let help = "The checks of /health/ready: 1 up, 0.5 degraded, 0 down.";
    let mut family = text.family("jangteo_health", Kind::Gauge, help);
    let number = |status| match status {
        Status::Up => 1.0,
        Status::Degraded => 0.5,
        Status::Down => 0.0,
    };
    family.tell(&[("check", "all")], number(report.status));
    for check in &report.checks {
        family.tell(&[("check", &check.name)], number(check.status));
    }
}

/// How each follower stands, whoever runs it.
pub(super) fn tell_followers(text: &mut Text, followers: &[&Standing]) {
    let mut tell = |name: &str, help: &str, number: &dyn Fn(&Standing) -> f64| {
        let mut family = text.family(name, Kind::Gauge, help);
        for standing in followers {
            family.tell(&[("follower", &standing.state.name)], number(standing));
        }
    };
    tell("jangteo_follower_owned", "1 when a process has the follower's lease.", &|one| {
        one.state.owner.is_some().into()
    });
    tell("jangteo_follower_fence", "Grows whenever the lease changes hands.", &|one| {
        one.state.fence as f64
    });
    tell("jangteo_follower_position", "The follower's checkpoint.", &|one| {
        one.state.position.commit as f64
    });
    tell("jangteo_follower_lag_events", "Events of the log behind the checkpoint.", &|one| {
        one.backlog.events as f64
    });
    tell(
        "jangteo_follower_lag_seconds",
        "How long the first of these events has been on record; 0 when there is none.",
        &|one| one.lag.as_secs_f64(),
    );
    let help = "Streams that have a parked event: waiting for their next try, or for a person.";
    let mut family = text.family("jangteo_follower_parked_streams", Kind::Gauge, help);
    for Standing { state, .. } in followers {
        let parked = [("waiting", state.waiting_streams), ("poisoned", state.poisoned_streams)];
        for (kind, streams) in parked {
            family.tell(&[("follower", &state.name), ("state", kind)], streams);
        }
    }
}

pub(super) fn tell_breaker(text: &mut Text, breaker: Option<(BreakerStanding, Counts)>) {
    let help = "1 for the state that the breaker before the payment gateway is in.";
    let mut family = text.family("jangteo_payment_breaker_state", Kind::Gauge, help);
    let now = breaker.as_ref().map(|(standing, _)| match standing {
        BreakerStanding::Closed => "closed",
        BreakerStanding::Open { .. } => "open",
        BreakerStanding::HalfOpen => "half_open",
    });
    for state in ["closed", "open", "half_open"] {
        if let Some(now) = now {
            family.tell(&[("state", state)], u8::from(state == now));
        }
    }
    let mut tell = |name: &str, help: &str, count: &dyn Fn(&Counts) -> u64| {
        let mut family = text.family(name, Kind::Counter, help);
        if let Some((_, counts)) = &breaker {
            family.tell(&[], count(counts));
        }
    };
    let help = "Requests to the payment gateway.";
    tell("jangteo_payment_calls_total", help, &|counts| counts.calls);
    let help = "Those of them that it did not answer as it should.";
    tell("jangteo_payment_calls_failed_total", help, &|counts| counts.failed);
    let help = "Payments that were refused while it was left alone.";
    tell("jangteo_payment_refused_total", help, &|counts| counts.refused);
    let help = "How often the breaker opened.";
    tell("jangteo_payment_breaker_opened_total", help, &|counts| counts.opened);
}

pub(super) fn tell_notices(text: &mut Text, waiting: Option<&Waiting>) {
    let help = "Messages to customers that are not sent yet (pending) or were given up (dead).";
    let mut family = text.family("jangteo_notices", Kind::Gauge, help);
    if let Some(Waiting { pending, dead, .. }) = waiting {
        family.tell(&[("state", "pending")], pending);
        family.tell(&[("state", "dead")], dead);
    }
    let help = "How long the oldest message that is not sent yet has been waiting.";
    let mut family = text.family("jangteo_notices_oldest_seconds", Kind::Gauge, help);
    if let Some(Waiting { oldest, .. }) = waiting {
        family.tell(&[], oldest.as_secs_f64());
    }
}

pub(super) fn tell_pools(text: &mut Text, pools: &[(&'static str, Pool)]) {
    let help = "Connections to the database: how many there may be (limit), are (open) and are free, \
                and how many wait for one.";
    let mut family = text.family("jangteo_pool_connections", Kind::Gauge, help);
    for (name, pool) in pools {
        let status = pool.status();
        for (state, number) in [
            ("limit", status.max_size),
            ("open", status.size),
            ("free", status.available),
            ("waited_for", status.waiting),
        ] {
            family.tell(&[("pool", *name), ("state", state)], number);
        }
    }
}
