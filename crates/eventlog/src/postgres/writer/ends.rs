//! What the writer knows of the streams' ends without asking.

use crate::{Append, StreamName, postgres::batch::End};
use quick_cache::unsync::Cache;
use std::collections::HashMap;

/// How many streams are remembered.
const REMEMBERED: usize = 100_000;

/// How the streams ended that this writer wrote to or asked for. Another process may have gone on
/// with them since.
pub(super) struct Ends(Cache<StreamName, End>);

impl Ends {
    pub fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }

    /// Whether each of the appends, one after the other, begins where its stream ends as far as is
    /// known, or begins a stream of which nothing is known. Then the table refuses what another
    /// process was faster with, and nothing has to be asked before.
    pub fn all_follow<'a>(&self, appends: impl Iterator<Item = &'a Append>) -> bool {
        let mut here: HashMap<&StreamName, End> = HashMap::new();
        for append in appends {
            let stream = append.stream();
            let known = here.get(stream).or_else(|| self.0.peek(stream)).copied();
            if !End::is_followed_by(known, append) {
                return false;
            }
            here.insert(stream, End::after(append));
        }
        true
    }

    pub fn note(&mut self, stream: StreamName, end: End) {
        self.0.insert(stream, end);
    }

    pub fn forget<'a>(&mut self, streams: impl Iterator<Item = &'a StreamName>) {
        for stream in streams {
            self.0.remove(stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{End, Ends};
    use crate::{Append, ExpectedVersion, Metadata, NewEvent, StreamName};
    use chrono::DateTime;
    use uuid::Uuid;

    fn append(stream: &str, seen: u64) -> Append {
        let metadata = Metadata {
            command_id: Uuid::nil(),
            correlation_id: Uuid::nil(),
            causation_id: None,
            actor: String::new(),
            at: DateTime::UNIX_EPOCH,
        };
        let event = NewEvent {
            id: Uuid::nil(),
            event_type: "cafe.Made".to_owned(),
            schema_version: 1,
            payload: "{}".to_owned(),
            metadata,
        };
        let (stream, expected) = (StreamName::stored(stream), ExpectedVersion::after(seen));
        Append::new(stream, expected, vec![event.clone(), event]).unwrap()
    }

    fn follow(ends: &Ends, appends: &[Append]) -> bool {
        ends.all_follow(appends.iter())
    }

    #[test]
    fn what_begins_a_stream_that_nobody_knows_may_be_tried() {
        assert!(follow(&Ends::new(), &[append("a", 0), append("b", 0)]));
    }

    #[test]
    fn what_goes_on_with_a_stream_that_nobody_knows_is_asked_for() {
        assert!(!follow(&Ends::new(), &[append("a", 2)]));
    }

    #[test]
    fn appends_to_one_stream_follow_each_other() {
        let mut ends = Ends::new();
        ends.note(StreamName::stored("a"), End { length: 3, last: Uuid::nil() });
        assert!(follow(&ends, &[append("a", 3), append("b", 0), append("a", 5)]));
        assert!(!follow(&ends, &[append("a", 3), append("a", 3)]));
        assert!(!follow(&ends, &[append("a", 0)]));
        assert!(follow(&ends, &[append("a", 3).upon(Some(Uuid::nil()))]));
        assert!(!follow(&ends, &[append("a", 3).upon(Some(Uuid::max()))]));
        ends.forget([StreamName::stored("a")].iter());
        assert!(!follow(&ends, &[append("a", 3)]));
    }
}
