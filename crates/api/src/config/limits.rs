//! How much is let in and let out at once.

use super::{
    Mistakes,
    values::{count, duration, logins, on_or_off, or_default, rate},
};
use crate::http::{body::Patience, intake, live, rates::Rate, server};
use clap::Args;
use commands::payment::breaker;
use std::num::NonZeroU32;

const COMMANDS: &str = "256";
const WAITING: &str = "1024";
const QUERIES: &str = "4096";
const STREAMS: &str = "10000";
const STREAMS_PER_CALLER: &str = "100";
const BREAKER: &str = "on";
const PAYMENTS: &str = "128";
const CONNECTIONS: &str = "20000";
const HEAD: &str = "10s";
const IDLE: &str = "75s";
const WRITE: &str = "30s";
const BODY: &str = "30s";
const RATE: &str = "200:400";
const LOGINS: &str = "10";

/// As flags and variables.
#[derive(Args, Clone, Debug, Default)]
pub struct LimitArgs {
    /// How many commands run at once; more of them wait in line.
    #[arg(long, env = "JANGTEO_COMMAND_LIMIT", default_value = COMMANDS)]
    pub(super) command_limit: String,
    /// How many commands may wait in line; more are refused with 503 overloaded.
    #[arg(long, env = "JANGTEO_COMMAND_QUEUE", default_value = WAITING)]
    pub(super) command_queue: String,
    /// How many queries are answered at once; more are refused likewise.
    #[arg(long, env = "JANGTEO_QUERY_LIMIT", default_value = QUERIES)]
    pub(super) query_limit: String,
    /// How many live views may be listened to at once; more are refused.
    #[arg(long, env = "JANGTEO_STREAM_LIMIT", default_value = STREAMS)]
    pub(super) stream_limit: String,
    /// How many of them one caller with a name of their own may have.
    #[arg(long, env = "JANGTEO_STREAMS_PER_CALLER", default_value = STREAMS_PER_CALLER)]
    pub(super) streams_per_caller: String,
    /// on: a payment gateway that fails is left alone for a while. off: it is asked all the same.
    #[arg(long, env = "PAYMENT_BREAKER", default_value = BREAKER)]
    pub(super) payment_breaker: String,
    /// How many requests to the payment gateway may be under way; as many more wait in line.
    #[arg(long, env = "PAYMENT_LIMIT", default_value = PAYMENTS)]
    pub(super) payment_limit: String,
    /// How many connections there may be; more are refused with 503 too-many-connections, but told of
    /// health.
    #[arg(long, env = "JANGTEO_CONNECTION_LIMIT", default_value = CONNECTIONS)]
    pub(super) connection_limit: String,
    /// How long the head of a request may take to come, as 10s.
    #[arg(long, env = "JANGTEO_HEADER_TIMEOUT", default_value = HEAD)]
    pub(super) header_timeout: String,
    /// How long a connection may be without a request.
    #[arg(long, env = "JANGTEO_IDLE_TIMEOUT", default_value = IDLE)]
    pub(super) idle_timeout: String,
    /// How long an answer may be stuck because its client does not read it.
    #[arg(long, env = "JANGTEO_WRITE_TIMEOUT", default_value = WRITE)]
    pub(super) write_timeout: String,
    /// How long the body of a request may take to come; a third of it without any is too long.
    #[arg(long, env = "JANGTEO_BODY_TIMEOUT", default_value = BODY)]
    pub(super) body_timeout: String,
    /// How often each caller may ask: requests per second, and how many at once after a pause, as
    /// 200:400, or off. More are refused with 429 too-many-requests.
    #[arg(long, env = "JANGTEO_RATE_LIMIT", default_value = RATE)]
    pub(super) rate_limit: String,
    /// How many wrong keys or tokens from an address are looked at in a minute, or off. More are
    /// refused with 429 too-many-failed-logins, and only what is known to be right opens.
    #[arg(long, env = "JANGTEO_LOGIN_LIMIT", default_value = LOGINS)]
    pub(super) login_limit: String,
}

/// Checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub intake: intake::Limits,
    pub streams: live::Limits,
    /// `None`: there is no breaker.
    pub breaker: Option<breaker::Settings>,
    pub server: server::Limits,
    pub body: Patience,
    /// `None`: everybody may ask as often as they like.
    pub rate: Option<Rate>,
    /// Wrong ones. `None`: all of them are looked at.
    pub logins: Option<NonZeroU32>,
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
        let server = self.server(mistakes);
        let body = duration("JANGTEO_BODY_TIMEOUT", or_default(&self.body_timeout, BODY));
        let body = mistakes.note(body);
        let rate = mistakes.note(rate(or_default(&self.rate_limit, RATE)));
        let logins = mistakes.note(logins(or_default(&self.login_limit, LOGINS)));
        let settings = breaker::Settings { in_flight: payments?, ..breaker::Settings::default() };
        Some(Limits {
            intake: intake::Limits { commands: commands?, waiting: waiting?, queries: queries? },
            streams: live::Limits { all: all?, each: each? },
            breaker: breaker?.then_some(settings),
            server: server?,
            body: Patience::of(body?),
            rate: rate?,
            logins: logins?,
        })
    }

    fn server(&self, mistakes: &mut Mistakes) -> Option<server::Limits> {
        let name = "JANGTEO_CONNECTION_LIMIT";
        let connections =
            mistakes.note(count(name, or_default(&self.connection_limit, CONNECTIONS)));
        let mut time = |name: &str, text: &str, default: &str| {
            mistakes.note(duration(name, or_default(text, default)))
        };
        let head = time("JANGTEO_HEADER_TIMEOUT", &self.header_timeout, HEAD);
        let idle = time("JANGTEO_IDLE_TIMEOUT", &self.idle_timeout, IDLE);
        let write = time("JANGTEO_WRITE_TIMEOUT", &self.write_timeout, WRITE);
        Some(server::Limits { connections: connections?, head: head?, idle: idle?, write: write? })
    }
}
