//! How much is let in and let out at once.

use super::{
    Mistakes,
    values::{count, on_or_off, or_default},
};
use crate::http::{intake, live};
use clap::Args;
use commands::payment::breaker;

const COMMANDS: &str = "256";
const WAITING: &str = "1024";
const QUERIES: &str = "4096";
const STREAMS: &str = "10000";
const STREAMS_PER_CALLER: &str = "100";
const BREAKER: &str = "on";
const PAYMENTS: &str = "128";

/// As flags and variables.
#[derive(Args, Clone, Debug, Default)]
pub struct LimitArgs {
    /// How many commands run at once; more of them wait in line.
    #[arg(long, env = "JANGTEO_COMMAND_LIMIT", default_value = COMMANDS)]
    pub(super) command_limit: String,
    /// How many commands may wait in line; more are refused.
    #[arg(long, env = "JANGTEO_COMMAND_QUEUE", default_value = WAITING)]
    pub(super) command_queue: String,
    /// How many queries are answered at once; more are refused.
    #[arg(long, env = "JANGTEO_QUERY_LIMIT", default_value = QUERIES)]
    pub(super) query_limit: String,
    /// How many live views may be listened to at once; more are refused.
    #[arg(long, env = "JANGTEO_STREAM_LIMIT", default_value = STREAMS)]
    pub(super) stream_limit: String,
    /// How many of them one caller with a name of their own may have.
    #[arg(long, env = "JANGTEO_STREAMS_PER_CALLER", default_value = STREAMS_PER_CALLER)]
    pub(super) streams_per_caller: String,
    /// on, or off: a payment gateway that fails is asked all the same.
    #[arg(long, env = "PAYMENT_BREAKER", default_value = BREAKER)]
    pub(super) payment_breaker: String,
    /// How many requests to the payment gateway may be under way; as many more wait in line.
    #[arg(long, env = "PAYMENT_LIMIT", default_value = PAYMENTS)]
    pub(super) payment_limit: String,
}

/// Checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub intake: intake::Limits,
    pub streams: live::Limits,
    /// `None`: there is no breaker.
    pub breaker: Option<breaker::Settings>,
}

impl LimitArgs {
    pub(super) fn check_into(self, mistakes: &mut Mistakes) -> Option<Limits> {
        let mut number = |name: &str, text: &str, default: &str| {
            mistakes.note(count(name, or_default(text, default)))
        };
        let commands = number("JANGTEO_COMMAND_LIMIT", &self.command_limit, COMMANDS);
        let waiting = number("JANGTEO_COMMAND_QUEUE", &self.command_queue, WAITING);
        let queries = number("JANGTEO_QUERY_LIMIT", &self.query_limit, QUERIES);
        let all = number("JANGTEO_STREAM_LIMIT", &self.stream_limit, STREAMS);
        let each =
            number("JANGTEO_STREAMS_PER_CALLER", &self.streams_per_caller, STREAMS_PER_CALLER);
        let payments = number("PAYMENT_LIMIT", &self.payment_limit, PAYMENTS);
        let breaker = on_or_off("PAYMENT_BREAKER", or_default(&self.payment_breaker, BREAKER));
        let breaker = mistakes.note(breaker);
        let settings = breaker::Settings { in_flight: payments?, ..breaker::Settings::default() };
        Some(Limits {
            intake: intake::Limits { commands: commands?, waiting: waiting?, queries: queries? },
            streams: live::Limits { all: all?, each: each? },
            breaker: breaker?.then_some(settings),
        })
    }
}
