use super::*;
use eventlog::{Backlog, Position};
use uuid::Uuid;

fn standing() -> Standing {
    let state = ConsumerState {
        name: "cafe.order_status".to_owned(),
        position: Position { commit: 7, prepare: 7 },
        owner: Some(Uuid::nil()),
        fence: 1,
        generation: 0,
        progressed_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        waiting_streams: 0,
        poisoned_streams: 0,
    };
    Standing { state, backlog: Backlog::NONE, lag: Duration::ZERO }
}

fn status_with(change: impl FnOnce(&mut Standing)) -> Status {
    let mut standing = standing();
    change(&mut standing);
    check_of(&standing).status
}

#[test]
fn a_follower_that_works_and_is_there_or_nearly_is_up() {
    assert_eq!(check_of(&standing()).status, Status::Up);
    assert_eq!(status_with(|one| one.lag = Duration::from_secs(5)), Status::Up);
}

#[test]
fn a_follower_that_nobody_runs_lags_or_has_parked_events_is_degraded() {
    assert_eq!(status_with(|one| one.state.owner = None), Status::Degraded);
    assert_eq!(status_with(|one| one.lag = Duration::from_millis(5001)), Status::Degraded);
    assert_eq!(status_with(|one| one.state.poisoned_streams = 1), Status::Degraded);
    assert_eq!(status_with(|one| one.state.waiting_streams = 1), Status::Degraded);
}

#[test]
fn a_lag_is_told_in_events_and_seconds() {
    let backlog = Backlog { events: 1000, is_all: false, oldest: None };
    let check = check_of(&Standing { backlog, lag: Duration::from_secs(61), ..standing() });
    let reason = check.reason.unwrap();
    assert!(reason.contains("1000+ events") && reason.contains("61 s"), "{reason}");
}

#[test]
fn a_report_is_as_bad_as_its_worst_check() {
    let degraded = Check::not_up("a", Status::Degraded, "so");
    let down = Check::not_up("b", Status::Down, "so");
    assert_eq!(Report::of(vec![]).status, Status::Up);
    assert_eq!(Report::of(vec![Check::up("x"), degraded.clone()]).status, Status::Degraded);
    assert_eq!(Report::of(vec![down, degraded, Check::up("x")]).status, Status::Down);
}
