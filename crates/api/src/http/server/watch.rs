//! What a connection is doing and since when, and until when it may.

use super::{Limits, framing::Framing};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long a connection without a request keeps its buffers.
pub const REST_AFTER: Duration = Duration::from_secs(1);

/// Of one connection. Its parts belong to one task, so nobody ever waits for the lock.
#[derive(Debug)]
pub struct Watch {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// Since when the client takes nothing of what is to be written.
    stuck: Option<Instant>,
    /// Whether all of the last answer was handed over.
    is_written: bool,
    /// Whether the client has said that it sends nothing more.
    has_ended: bool,
    framing: Framing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No request, and no part of one.
    Idle,
    /// A part of a request's head.
    Head,
    /// A request that has not all of its answer.
    UnderWay,
}

impl Watch {
    pub fn new(limits: Limits) -> Arc<Self> {
        let state = State {
            phase: Phase::Idle,
            since: Instant::now(),
            stuck: None,
            is_written: true,
            has_ended: false,
            framing: Framing::default(),
        };
        Arc::new(Self { limits, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client sent this; nothing says that it will send no more.
    pub fn read(&self, bytes: &[u8]) {
        let mut state = self.state();
        if bytes.is_empty() {
            state.has_ended = true;
            return;
        }
        match state.phase {
            Phase::Idle => state.enter(Phase::Head),
            Phase::Head => {}
            Phase::UnderWay => return,
        }
        state.framing.see(bytes);
    }

    /// The client takes what is written.
    pub fn wrote(&self) {
        let mut state = self.state();
        state.stuck = None;
        if state.phase == Phase::Idle {
            state.since = Instant::now();
        }
    }

    /// The client does not take what is to be written.
    pub fn blocked(&self) {
        self.state().stuck.get_or_insert_with(Instant::now);
    }

    /// Nothing is left to be written.
    pub fn flushed(&self) {
        self.state().is_written = true;
    }

    /// The head is complete. Whether it says in two ways where its body ends.
    pub fn begin(self: &Arc<Self>) -> (UnderWay, bool) {
        let mut state = self.state();
        let framing = std::mem::take(&mut state.framing);
        state.enter(Phase::UnderWay);
        (UnderWay(self.clone()), framing.is_ambiguous())
    }

    /// Whether what is written now can only be a refusal of the head.
    pub fn refuses_head(&self) -> bool {
        let state = self.state();
        state.phase == Phase::Head && state.is_written
    }

    /// Until when this may go on as it does.
    pub fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        let write = state.stuck.map(|since| since + self.limits.write);
        let read = match state.phase {
            Phase::Idle => Some(state.since + self.limits.idle),
            Phase::Head => Some(state.since + self.limits.head),
            Phase::UnderWay => None,
        };
        [read, write].into_iter().flatten().min()
    }

    /// From when on the connection may give up its buffers, if nothing happens until then.
    pub fn rests_at(&self) -> Option<Instant> {
        let state = self.state();
        (state.phase == Phase::Idle && state.is_settled()).then(|| state.since + REST_AFTER)
    }

    /// Whether nothing is lost if the connection is closed now.
    pub fn is_free(&self) -> bool {
        let state = self.state();
        state.phase != Phase::UnderWay && state.is_settled()
    }

    pub fn is_stuck(&self) -> bool {
        self.state().stuck.is_some()
    }

    /// Whether the client may still be sending.
    pub fn is_open(&self) -> bool {
        !self.state().has_ended
    }
}

impl State {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }

    fn is_settled(&self) -> bool {
        self.is_written && self.stuck.is_none()
    }
}

/// A request is under way until this is dropped.
#[derive(Debug)]
pub struct UnderWay(Arc<Watch>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.enter(Phase::Idle);
        // The end of the answer is still in the buffers.
        state.is_written = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounded, for no time stands still.
    fn in_seconds(watch: &Watch) -> Option<u64> {
        let deadline = watch.deadline();
        deadline.map(|deadline| (deadline - Instant::now()).as_secs_f64().round() as u64)
    }

    #[test]
    fn each_thing_has_its_time() {
        let watch = Watch::new(Limits::default());
        assert_eq!(in_seconds(&watch), Some(75));
        watch.read(b"GET / HT");
        assert_eq!(in_seconds(&watch), Some(10));
        let deadline = watch.deadline();
        watch.read(b"TP/1.1\r\n\r\n");
        assert_eq!(watch.deadline(), deadline, "more of the head gives no more time");
        let (under_way, _) = watch.begin();
        assert_eq!(in_seconds(&watch), None);
        watch.blocked();
        assert_eq!(in_seconds(&watch), Some(30));
        let deadline = watch.deadline();
        watch.blocked();
        assert_eq!(watch.deadline(), deadline, "trying again gives no more time");
        watch.wrote();
        assert_eq!(in_seconds(&watch), None);
        drop(under_way);
        assert_eq!((in_seconds(&watch), watch.rests_at()), (Some(75), None));
        watch.flushed();
        assert!(watch.rests_at().is_some_and(|rests_at| rests_at <= Instant::now() + REST_AFTER));
    }

    #[test]
    fn an_answer_that_is_taken_slowly_is_not_idle() {
        let watch = Watch::new(Limits::default());
        drop(watch.begin());
        let deadline = watch.deadline();
        watch.wrote();
        assert!(watch.deadline() > deadline);
    }

    #[test]
    fn only_what_is_written_before_a_request_began_is_a_refusal() {
        let watch = Watch::new(Limits::default());
        assert!(!watch.refuses_head());
        watch.read(b"nonsense");
        assert!(watch.refuses_head());
        let (under_way, _) = watch.begin();
        assert!(!watch.refuses_head());
        drop(under_way);
        watch.read(b"nonsense");
        assert!(!watch.refuses_head(), "the answer may still be on its way");
        watch.flushed();
        assert!(watch.refuses_head());
    }
}
