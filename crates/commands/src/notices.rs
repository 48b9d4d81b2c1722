//! Notices to customers. They leave the process through an outbox: a policy's fact puts a notice
//! into a table, and a worker delivers it, at least once, however long the service is away.
//!
//! A notice is personal, so it is never logged: neither its recipient nor its text.

mod outbox;
pub mod sink;

pub use outbox::{Delivery, MAX_TRIES, enqueue};
pub use sink::{LogSink, NoticeError, NoticeSink};

use uuid::Uuid;

/// A message to one person because of one fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The fact it tells of. One notice per fact.
    pub fact_id: Uuid,
    pub channel: Channel,
    /// A phone number, for the channels there are.
    pub recipient: String,
    pub body: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Sms,
    KakaoTalk,
}

impl Channel {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::KakaoTalk => "kakaotalk",
        }
    }
}
