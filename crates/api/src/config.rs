//! Configuration: environment variables, and the same names as flags. Every mistake is listed, with
//! what to do about it.

mod auth_args;
mod files;
mod limits;
mod observing;
mod settings;
mod values;

use crate::{http::auth, telemetry::traces};
use auth_args::AuthArgs;
use clap::Args;
use commands::{notices::webhook::Secrets, people::Masters};
use domain::Context;
use eventlog::postgres::Server;
use limits::LimitArgs;
use observing::ObservingArgs;
use reqwest::Url;
use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};
use values::{
    contexts, database, duration, duration_or_none, eventstore, listen, masters, may_listen,
    notices, or_default, role, set, web_url,
};

pub use auth_args::SigningArgs;
pub use files::{Files, unknown};
pub use limits::Limits;
pub use settings::{Setting, settings, table};
pub use values::duration as lifetime;

const DATA_DIR: &str = "./data";
const LISTEN: &str = "127.0.0.1:8080";
const ROLE: &str = "all";
const CONTEXTS: &str = "all";
const DRAIN_DELAY: &str = "0s";
const CAFE_ACCEPT_TIMEOUT: &str = "15m";

/// Where the data is. What every command but `demo` and `payment-simulator` needs.
#[derive(Args, Clone, Debug, Default)]
pub struct StoreArgs {
    /// Where the private PostgreSQL keeps its files when no DATABASE_URL is set.
    #[arg(long, env = "JANGTEO_DATA_DIR", default_value = DATA_DIR)]
    data_dir: PathBuf,
    /// Your PostgreSQL, as postgresql://user:password@host:5432/database: for the views and, without
    /// EVENTSTORE_URL, for the log. Without it, a private one.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Who must have signed the certificate of DATABASE_URL's server, when that says
    /// sslmode=verify-full: certificates in PEM form. Without it, whom this machine trusts.
    #[arg(long, env = "DATABASE_CA", hide_env_values = true)]
    database_ca: Option<String>,
    /// EventStoreDB for the log, as esdb://host:2113?tls=false.
    #[arg(long, env = "EVENTSTORE_URL", hide_env_values = true)]
    eventstore_url: Option<String>,
}

/// What the people's keys are wrapped by.
#[derive(Args, Clone, Debug, Default)]
pub struct MasterArgs {
    /// What wraps the keys that seal names and phone numbers, as id:secret with commas between, each
    /// secret 64 hexadecimal digits. The first wraps. Needed with DATABASE_URL; without it, one is
    /// made in the data directory.
    #[arg(long, env = "JANGTEO_MASTER_KEY", hide_env_values = true)]
    master_key: Option<String>,
}

/// What `serve` needs besides.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Address and port to listen on; beyond this machine only with a means of authentication.
    #[arg(long, env = "JANGTEO_LISTEN", default_value = LISTEN)]
    listen: String,
    /// The payment gateway; without it, a simulator in this process, which keeps its charges in the
    /// data directory.
    #[arg(long, env = "PAYMENT_URL", hide_env_values = true)]
    payment_url: Option<String>,
    /// The service that sends notices to customers; without it, they stay in the outbox and the log.
    #[arg(long, env = "NOTICE_URL", hide_env_values = true)]
    notice_url: Option<String>,
    /// What requests to it are signed with, as id:secret with commas between. The first signs.
    #[arg(long, env = "NOTICE_SECRETS", hide_env_values = true)]
    notice_secrets: Option<String>,
    /// all, api (answers requests) or worker (follows the log).
    #[arg(long, env = "JANGTEO_ROLE", default_value = ROLE)]
    role: String,
    /// all, or some of them with commas between, as cafe,market.
    #[arg(long, env = "JANGTEO_CONTEXTS", default_value = CONTEXTS)]
    contexts: String,
    #[command(flatten)]
    master: MasterArgs,
    #[command(flatten)]
    auth: AuthArgs,
    /// How long the store of the café may take to answer a paid order before it is rejected and
    /// refunded, as 15m, 90s or 500ms.
    #[arg(long, env = "CAFE_ACCEPT_TIMEOUT", default_value = CAFE_ACCEPT_TIMEOUT)]
    cafe_accept_timeout: String,
    /// How long requests are taken after it was asked to end, and says that it is not ready any more:
    /// as long as a load balancer takes to see it, as 5s.
    #[arg(long, env = "JANGTEO_DRAIN_DELAY", default_value = DRAIN_DELAY)]
    drain_delay: String,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    pub observing: ObservingArgs,
}

/// Where views and, unless it has a server of its own, the log are.
#[derive(Clone, Debug)]
pub enum Database {
    /// A private PostgreSQL in the data directory.
    Embedded,
    Given(Box<Server>),
}

/// Where the data is, checked.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    pub data_dir: PathBuf,
    pub database: Database,
    /// The log's own server, if it has one.
    pub eventstore_url: Option<String>,
}

/// What this process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    All,
    Api,
    Worker,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Api => "api",
            Self::Worker => "worker",
        }
    }

    /// Whether it answers the contexts' requests.
    pub fn answers(self) -> bool {
        matches!(self, Self::All | Self::Api)
    }

    /// Whether it follows the log.
    pub fn works(self) -> bool {
        matches!(self, Self::All | Self::Worker)
    }
}

/// The configuration of `serve`, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub store: StoreConfig,
    pub listen: SocketAddr,
    pub payment_url: Option<Url>,
    /// Where notices go, and what signs them.
    pub notices: Option<(Url, Secrets)>,
    pub role: Role,
    pub contexts: Vec<Context>,
    /// None: that of the data directory.
    pub masters: Option<Masters>,
    /// What callers must show.
    pub auth: auth::Settings,
    pub cafe_accept_timeout: Duration,
    pub drain_delay: Duration,
    /// Where traces go, if they are collected.
    pub traces: Option<traces::Settings>,
    pub limits: Limits,
}

/// All mistakes that were found, each with what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes(Vec<String>);

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not usable:")?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl Mistakes {
    fn note<T>(&mut self, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|mistake| self.0.push(mistake)).ok()
    }

    /// Whether anything is wrong already, before values are looked at.
    pub fn none(self) -> Result<(), Self> {
        self.or(Some(()))
    }

    fn or<T>(self, config: Option<T>) -> Result<T, Self> {
        config.filter(|_| self.0.is_empty()).ok_or(self)
    }
}

impl StoreArgs {
    pub fn check(self) -> Result<StoreConfig, Mistakes> {
        let mut mistakes = Mistakes::default();
        let config = self.check_into(&mut mistakes);
        mistakes.or(config)
    }

    fn check_into(self, mistakes: &mut Mistakes) -> Option<StoreConfig> {
        let authorities = set(self.database_ca);
        let database = mistakes.note(match set(self.database_url) {
            Some(url) => database(&url, authorities.as_deref()),
            None => Ok(Database::Embedded),
        });
        let eventstore_url = mistakes.note(set(self.eventstore_url).map(eventstore).transpose());
        let data_dir =
            if self.data_dir.as_os_str().is_empty() { DATA_DIR.into() } else { self.data_dir };
        Some(StoreConfig { data_dir, database: database?, eventstore_url: eventstore_url? })
    }
}

impl MasterArgs {
    /// Beside this database.
    pub fn check(self, store: &StoreConfig) -> Result<Option<Masters>, Mistakes> {
        let mut mistakes = Mistakes::default();
        let masters = self.check_into(Some(store), &mut mistakes);
        mistakes.or(masters)
    }

    fn check_into(
        self,
        store: Option<&StoreConfig>,
        mistakes: &mut Mistakes,
    ) -> Option<Option<Masters>> {
        let is_given = store.is_some_and(|store| matches!(store.database, Database::Given(_)));
        mistakes.note(masters(set(self.master_key).as_deref(), is_given))
    }
}

impl ServeArgs {
    pub fn check(self) -> Result<Config, Mistakes> {
        self.check_after(Mistakes::default())
    }

    /// What is wrong already is listed too.
    pub fn check_after(self, mut mistakes: Mistakes) -> Result<Config, Mistakes> {
        let config = self.check_into(&mut mistakes);
        mistakes.or(config)
    }

    fn check_into(self, mistakes: &mut Mistakes) -> Option<Config> {
        let store = self.store.check_into(mistakes);
        let auth = self.auth.check_into(mistakes);
        let listen = mistakes.note(listen(or_default(&self.listen, LISTEN)));
        let payment_url = mistakes.note(web_url("PAYMENT_URL", set(self.payment_url)));
        let notice_url = mistakes.note(web_url("NOTICE_URL", set(self.notice_url)));
        let notices = notice_url
            .and_then(|url| mistakes.note(notices(url, set(self.notice_secrets).as_deref())));
        let role = mistakes.note(role(or_default(&self.role, ROLE)));
        let contexts = mistakes.note(contexts(or_default(&self.contexts, CONTEXTS)));
        let timeout = mistakes.note(duration(
            "CAFE_ACCEPT_TIMEOUT",
            or_default(&self.cafe_accept_timeout, CAFE_ACCEPT_TIMEOUT),
        ));
        let drain_delay = or_default(&self.drain_delay, DRAIN_DELAY);
        let drain_delay = mistakes.note(duration_or_none("JANGTEO_DRAIN_DELAY", drain_delay));
        let limits = self.limits.check_into(mistakes);
        let traces = self.observing.check_into(mistakes);
        let masters = self.master.check_into(store.as_ref(), mistakes);
        let (auth, listen) = (auth?, listen?);
        mistakes.note(may_listen(listen, &auth));
        Some(Config {
            store: store?,
            listen,
            payment_url: payment_url?,
            notices: notices?,
            role: role?,
            contexts: contexts?,
            masters: masters?,
            auth,
            cafe_accept_timeout: timeout?,
            drain_delay: drain_delay?,
            traces: traces?,
            limits: limits?,
        })
    }
}

#[cfg(test)]
mod tests;
