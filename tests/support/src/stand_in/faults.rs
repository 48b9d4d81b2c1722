//! What the stand-in is told to do wrong.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tonic::Status;

pub use tonic::Code;

/// Each fault strikes once, in the order given.
#[derive(Default)]
pub struct Faults {
    script: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    delay: Duration,
    discoveries: VecDeque<Code>,
    appends: VecDeque<AppendFault>,
    reads: VecDeque<ReadFault>,
    subscriptions: VecDeque<SubscriptionFault>,
}

#[derive(Clone, Debug)]
pub enum AppendFault {
    /// The session ends with this code and nothing is stored.
    EndBefore(Code),
    /// The events are stored, and the session ends with this code instead of an answer.
    EndAfter(Code),
    /// The events are stored, and the answer is an error with this code and message.
    AnswerAfter(Code, &'static str),
    /// Nothing is stored, and the answer is an error with this code and message.
    AnswerInstead(Code, &'static str),
    /// The append is dropped without a word.
    Swallow,
    /// The events are stored without a word.
    SwallowAfter,
}

#[derive(Clone, Copy, Debug)]
pub enum ReadFault {
    /// No answer but this code.
    Refuse(Code),
    /// Ends as if all was well, before the first event.
    CutShort,
    /// Answered as it should be: what comes behind it strikes the next read.
    Pass,
}

/// What happens to a subscription once it has been confirmed.
#[derive(Clone, Copy, Debug)]
pub enum SubscriptionFault {
    /// An error with this code.
    Error(Code),
    /// This many events, then an error with this code.
    ErrorAfter(usize, Code),
    /// The end, with status OK.
    End,
    /// A checkpoint at (commit, prepare) before anything else.
    Checkpoint(u64, u64),
}

impl Faults {
    /// Every answer from now on waits this long.
    pub fn delay(&self, delay: Duration) {
        self.script().delay = delay;
    }

    /// The next client to connect is refused with this code, and is dead from then on.
    pub fn on_discovery(&self, code: Code) {
        self.script().discoveries.push_back(code);
    }

    pub fn on_append(&self, fault: AppendFault) {
        self.script().appends.push_back(fault);
    }

    pub fn on_read(&self, fault: ReadFault) {
        self.script().reads.push_back(fault);
    }

    pub fn on_subscription(&self, fault: SubscriptionFault) {
        self.script().subscriptions.push_back(fault);
    }

    /// How many faults have not struck yet.
    pub fn pending(&self) -> usize {
        let script = self.script();
        script.discoveries.len()
            + script.appends.len()
            + script.reads.len()
            + script.subscriptions.len()
    }

    pub(super) async fn wait(&self) {
        let delay = self.script().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }

    pub(super) fn discovery(&self) -> Result<(), Status> {
        let code = self.script().discoveries.pop_front();
        code.map_or(Ok(()), |code| Err(status(code)))
    }

    pub(super) fn append(&self) -> Option<AppendFault> {
        self.script().appends.pop_front()
    }

    pub(super) fn read(&self) -> Option<ReadFault> {
        self.script().reads.pop_front()
    }

    pub(super) fn subscription(&self) -> Option<SubscriptionFault> {
        self.script().subscriptions.pop_front()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn status(code: Code) -> Status {
    Status::new(code, "as told")
}
