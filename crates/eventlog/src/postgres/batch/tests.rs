use super::*;
use crate::{ExpectedVersion, Metadata, NewEvent};
use chrono::DateTime;

fn append(stream: &str, expected: ExpectedVersion, command: u128, events: usize) -> Append {
    let command_id = Uuid::from_u128(command);
    let event = |index| NewEvent {
        id: NewEvent::id_of(command_id, index),
        event_type: "t.E".into(),
        schema_version: 1,
        payload: "null".into(),
        metadata: Metadata {
            command_id,
            correlation_id: command_id,
            causation_id: None,
            actor: "test".into(),
            at: DateTime::UNIX_EPOCH,
        },
    };
    let events = (0..events).map(event).collect();
    Append::new(StreamName::new("t.s", stream), expected, events).unwrap()
}

fn judge(on_record: OnRecord, appends: &[Append]) -> (Vec<Verdict>, i64) {
    let mut head = 10;
    let verdicts = on_record.judge(appends.iter(), &mut head);
    (verdicts, head)
}

#[test]
fn accepted_appends_take_positions_without_a_gap() {
    let appends = [
        append("a", ExpectedVersion::NoStream, 1, 2),
        append("b", ExpectedVersion::NoStream, 2, 1),
    ];
    let (verdicts, head) = judge(OnRecord::default(), &appends);
    assert!(matches!(verdicts[0], Verdict::Accepted { first_position: 11 }));
    assert!(matches!(verdicts[1], Verdict::Accepted { first_position: 13 }));
    assert_eq!(head, 13);
}

#[test]
fn a_later_append_of_the_batch_sees_an_earlier_one() {
    let appends = [
        append("a", ExpectedVersion::NoStream, 1, 1),
        append("a", ExpectedVersion::Exact(0), 2, 1),
        append("a", ExpectedVersion::Exact(0), 3, 1),
    ];
    let (verdicts, head) = judge(OnRecord::default(), &appends);
    assert!(matches!(verdicts[1], Verdict::Accepted { first_position: 12 }));
    let Verdict::Refused(AppendError::Conflict { current, .. }) = &verdicts[2] else {
        panic!("{verdicts:?}");
    };
    assert_eq!((*current, head), (Some(1), 12));
}

#[test]
fn a_repeat_gets_the_first_answer_also_within_one_batch() {
    let twice = append("a", ExpectedVersion::NoStream, 1, 2);
    let (verdicts, head) = judge(OnRecord::default(), &[twice.clone(), twice]);
    let Verdict::Repeated(appended) = &verdicts[1] else {
        panic!("{verdicts:?}");
    };
    assert_eq!((appended.version, appended.position, head), (1, at(12), 12));
}

#[test]
fn a_repeat_is_known_by_what_is_on_record() {
    let again = append("a", ExpectedVersion::NoStream, 1, 1);
    let stream = again.stream().clone();
    let known = Known { id: again.events()[0].id, position: 4 };
    let on_record = OnRecord {
        ends: HashMap::from([(stream.clone(), End { length: 3, last: Uuid::nil() })]),
        events: HashMap::from([((stream.clone(), 0), known)]),
    };
    let stretch = Stretch { stream, first: 0, last: 0 };
    assert_eq!(on_record.doubtful([&again].into_iter()), [stretch]);
    let (verdicts, head) = judge(on_record, &[again]);
    let Verdict::Repeated(appended) = &verdicts[0] else {
        panic!("{verdicts:?}");
    };
    assert_eq!((appended.version, appended.position, head), (0, at(4), 10));
}

#[test]
fn an_append_ahead_of_its_stream_is_refused() {
    let ahead = append("a", ExpectedVersion::Exact(7), 1, 1);
    let (verdicts, _) = judge(OnRecord::default(), &[ahead]);
    assert!(matches!(verdicts[0], Verdict::Refused(AppendError::Conflict { current: None, .. })));
}

/// Two appends were taken in one line, and another process was faster than the first.
#[test]
fn what_builds_upon_something_that_is_not_stored_is_refused_with_it() {
    let first = append("a", ExpectedVersion::Exact(0), 1, 1);
    let second = append("a", ExpectedVersion::Exact(1), 2, 1).upon(first.last_id());
    let faster = End { length: 2, last: Uuid::from_u128(9) };
    let on_record =
        OnRecord { ends: HashMap::from([(first.stream().clone(), faster)]), ..OnRecord::default() };
    let (verdicts, head) = judge(on_record, &[first, second]);
    let refused = |verdict: &Verdict| {
        matches!(verdict, Verdict::Refused(AppendError::Conflict { current: Some(1), .. }))
    };
    assert!(verdicts.iter().all(refused), "{verdicts:?}");
    assert_eq!(head, 10);
}

#[test]
fn what_builds_upon_what_is_stored_is_accepted() {
    let first = append("a", ExpectedVersion::NoStream, 1, 2);
    let second = append("a", ExpectedVersion::Exact(1), 2, 1).upon(first.last_id());
    let (verdicts, head) = judge(OnRecord::default(), &[first, second]);
    assert!(matches!(verdicts[1], Verdict::Accepted { first_position: 13 }), "{verdicts:?}");
    assert_eq!(head, 13);
}
