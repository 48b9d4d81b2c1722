use super::*;
use eventlog::Position;
use projections::Compared;
use std::collections::BTreeMap;

const VIEW: &str = "cafe.order_status";

fn at(commit: u64) -> Position {
    Position { commit, prepare: commit }
}

fn progress(stage: Stage, events: u64, position: u64, end: u64) -> Progress {
    Progress { stage, views: vec![VIEW], events, position: at(position), end: at(end) }
}

fn folding(events: u64, position: u64, end: u64) -> Progress {
    progress(Stage::Folding, events, position, end)
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[test]
fn the_rate_is_the_average_since_the_beginning() {
    assert_eq!(rate(&folding(3_000, 1, 2), seconds(2.0)), 1_500.0);
    assert_eq!(rate(&folding(0, 0, 2), seconds(2.0)), 0.0);
    // No time at all is taken for a thousandth of a second.
    assert_eq!(rate(&folding(5, 1, 2), Duration::ZERO), 5_000.0);
}

#[test]
fn the_time_left_is_that_of_the_rest_at_the_pace_so_far() {
    for (position, end, took, left) in [
        (50, 100, 3.0, 3.0),
        (25, 100, 1.0, 3.0),
        (75, 100, 3.0, 1.0),
        (1, 3, 1.0, 2.0),
        (999, 1000, 10.0, 0.0),
        (100, 100, 7.0, 0.0),
    ] {
        let found = seconds_left(&folding(1, position, end), seconds(took));
        assert_eq!(found, Some(left), "{position} of {end} in {took} s");
    }
}

/// Events are those of some categories, positions those of all: only these say how far it is.
#[test]
fn the_time_left_does_not_depend_on_how_many_events_were_wanted() {
    let [few, many] = [2, 50].map(|events| seconds_left(&folding(events, 50, 200), seconds(4.0)));
    assert_eq!((few, many), (Some(12.0), Some(12.0)));
}

#[test]
fn nobody_knows_the_time_left_before_the_first_events_and_after_the_last() {
    assert_eq!(seconds_left(&folding(0, 0, 100), seconds(4.0)), None);
    assert_eq!(seconds_left(&folding(0, 0, 0), seconds(4.0)), None);
    for stage in [Stage::Writing, Stage::Indexing, Stage::CatchingUp, Stage::Comparing] {
        assert_eq!(seconds_left(&progress(stage, 9, 50, 100), seconds(4.0)), None, "{stage:?}");
    }
}

#[test]
fn the_share_stays_between_nothing_and_all() {
    for (position, end, expected) in
        [(0, 0, 0.0), (0, 10, 0.0), (5, 10, 0.5), (10, 10, 1.0), (11, 10, 1.0)]
    {
        assert_eq!(share(&folding(1, position, end)), expected, "{position} of {end}");
    }
    assert_eq!(share(&progress(Stage::Swapping, 0, 0, 10)), 1.0);
}

#[test]
fn a_json_line_says_how_far_it_is() {
    let line = json(&folding(2_000, 2_960, 18_006), seconds(0.5));
    let expected = json!({
        "stage": "folding", "views": [VIEW], "events": 2_000, "position": "2960-2960",
        "end": "18006-18006", "eventsPerSecond": 4_000.0, "secondsLeft": 2.5,
    });
    assert_eq!(line, expected);
    let line = json(&progress(Stage::CatchingUp, 9, 9, 9), seconds(3.0));
    assert_eq!((&line["stage"], &line["secondsLeft"]), (&json!("catchingUp"), &Value::Null));
}

#[test]
fn a_terminal_shows_a_bar() {
    let line = bar(&folding(600, 50, 100), seconds(2.0));
    let half = format!("{}{}", "█".repeat(15), "·".repeat(15));
    assert_eq!(line, format!("{VIEW} folding {half} 50 %  600 events, 300/s, 2 s left"));
    let several = Progress { views: vec![VIEW, "cafe.menu"], ..folding(0, 0, 100) };
    let none = "·".repeat(30);
    assert_eq!(bar(&several, seconds(1.0)), format!("all folding {none} 0 %  0 events, 0/s"));
    let full = "█".repeat(30);
    let writing = progress(Stage::Writing, 600, 100, 100);
    assert_eq!(bar(&writing, seconds(2.0)), format!("{VIEW} writing {full} 100 %"));
}

fn rebuilt(swapped: bool, differing: Option<i64>) -> Rebuilt {
    let keys = differing.map_or(0, |differing| differing as usize);
    let compared = differing.map(|differing| Compared {
        position: at(7),
        rows: 3,
        folded: 3,
        differing,
        keys: vec!["o1".to_owned(); keys],
    });
    let took = BTreeMap::from([("swap", Duration::from_millis(4))]);
    Rebuilt { view: VIEW, events: 9, rows: 3, position: at(8), compared, swapped, took }
}

#[test]
fn the_last_line_says_what_it_came_to() {
    let line = result(&rebuilt(true, None), 1.5);
    let expected = json!({
        "stage": "done", "views": [VIEW], "events": 9, "rows": 3, "position": "8-8",
        "swapped": true, "compared": null, "seconds": 1.5, "stages": { "swap": 0.004 },
    });
    assert_eq!(line, expected);
    let compared = &result(&rebuilt(false, Some(1)), 1.5)["compared"];
    let expected =
        json!({ "position": "7-7", "rows": 3, "folded": 3, "differing": 1, "keys": ["o1"] });
    assert_eq!(compared, &expected);
}

#[test]
fn a_person_is_told_whether_it_is_in_place() {
    for (swapped, differing, then, what) in [
        (true, None, Then::Swap, "is in place: 9 events, 3 rows, at 8-8, 1.5 s"),
        (true, Some(0), Then::SwapIfEqual, "is in place: 9 events"),
        (false, Some(1), Then::SwapIfEqual, "was not put in place"),
        (false, Some(1), Then::Compare, "differs from the log"),
    ] {
        let told = told(&rebuilt(swapped, differing), then, 1.5);
        assert!(told.starts_with(&format!("{VIEW} {what}")), "{told}");
    }
    let same = told(&rebuilt(false, Some(0)), Then::Compare, 1.5);
    assert_eq!(same, format!("{VIEW}: 3 rows, as the log says at 8-8 (1.5 s)"));
}
