//! Notices to customers. They leave the process through an outbox: a policy's fact puts a notice
//! into a table, and a worker delivers it, at least once, however long the service is away.
//!
//! A notice is personal, so it is never logged: neither its recipient nor its text. Its recipient is
//! sealed until it is delivered.

mod letters;
mod outbox;
pub mod sink;
pub mod webhook;

pub use letters::{Letter, Resent, Select, Waiting, list, masked, resend, resend_dead, waiting};
pub use outbox::{Delivery, MAX_TRIES, enqueue, follow};
pub use sink::{LogSink, NoticeError, NoticeSink};
pub use webhook::WebhookSink;

use domain::shared::personal::Personal;
use uuid::Uuid;

/// A message to one person because of one fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The fact it tells of, or for a further notice about the same fact an id made from it.
    pub fact_id: Uuid,
    pub channel: Channel,
    /// A phone number, for the channels there are.
    pub recipient: Personal,
    pub body: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Sms,
    KakaoTalk,
}

impl Channel {
    pub const ALL: [Self; 2] = [Self::Sms, Self::KakaoTalk];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::KakaoTalk => "kakaotalk",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }
}

/// How a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be sent, perhaps not for the first time.
    Pending,
    /// Taken by the sink.
    Sent,
    /// Given up after the last try.
    Dead,
}

impl State {
    pub const ALL: [Self; 3] = [Self::Pending, Self::Sent, Self::Dead];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}
