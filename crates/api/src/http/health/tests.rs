use super::*;
use uuid::Uuid;

fn state() -> ConsumerState {
    ConsumerState {
        name: "cafe.order_status".to_owned(),
        position: Position { commit: 7, prepare: 7 },
        owner: Some(Uuid::nil()),
        fence: 1,
        progressed_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        waiting_streams: 0,
        poisoned_streams: 0,
    }
}

fn status_of(state: ConsumerState) -> Status {
    check_of(&state, Position { commit: 7, prepare: 0 }).status
}

#[test]
fn a_follower_that_works_and_is_there_is_up() {
    assert_eq!(status_of(state()), Status::Up);
}

#[test]
fn a_follower_that_nobody_runs_lags_or_has_parked_events_is_degraded() {
    let behind = Position { commit: 6, prepare: 9 };
    assert_eq!(status_of(ConsumerState { owner: None, ..state() }), Status::Degraded);
    assert_eq!(status_of(ConsumerState { position: behind, ..state() }), Status::Degraded);
    assert_eq!(status_of(ConsumerState { poisoned_streams: 1, ..state() }), Status::Degraded);
    assert_eq!(status_of(ConsumerState { waiting_streams: 1, ..state() }), Status::Degraded);
}

#[test]
fn a_report_is_as_bad_as_its_worst_check() {
    let degraded = Check::not_up("a", Status::Degraded, "so");
    let down = Check::not_up("b", Status::Down, "so");
    assert_eq!(Report::of(vec![]).status, Status::Up);
    assert_eq!(Report::of(vec![Check::up("x"), degraded.clone()]).status, Status::Degraded);
    assert_eq!(Report::of(vec![down, degraded, Check::up("x")]).status, Status::Down);
}
