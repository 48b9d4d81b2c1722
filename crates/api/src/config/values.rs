//! What each setting may be. A mistake says what to do about it.

use super::{Database, Role};
use crate::http::{auth::Settings, rates::Rate};
use commands::{
    notices::webhook::{Secret, Secrets},
    people::Masters,
};
use domain::{Context, Id};
use eventlog::{Causes, postgres::Server};
use reqwest::Url;
use std::{
    collections::HashSet,
    net::{SocketAddr, ToSocketAddrs},
    num::NonZeroU32,
    str::FromStr,
    time::Duration,
};
use tokio_postgres::config::SslMode;

/// The shortest secret that may sign.
const LEAST_SECRET: usize = 16;

/// An empty variable is one that is not set.
pub(super) fn set(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.trim().is_empty())
}

pub(super) fn or_default<'a>(value: &'a str, default: &'a str) -> &'a str {
    if value.trim().is_empty() { default } else { value.trim() }
}

/// `require` is as strict as `verify-full` here. Without either, nothing is private.
pub(super) fn database(url: &str, authorities: Option<&str>) -> Result<Database, String> {
    if url.contains("sslmode=verify-ca") {
        return Err("DATABASE_URL asks for sslmode=verify-ca, which lets any server with a certificate be yours: give verify-full".to_owned());
    }
    let known = url.replace("sslmode=verify-full", "sslmode=require");
    let config = tokio_postgres::Config::from_str(&known).map_err(|error| {
        format!("DATABASE_URL cannot be read ({error}): give it as postgres://user:password@host:5432/database")
    })?;
    let server = match (config.get_ssl_mode(), authorities) {
        (SslMode::Require, _) => Server::over_tls(config, authorities).map_err(|error| {
            let next = "give the certificates of whoever signed the database's, in PEM form";
            format!("DATABASE_CA is not usable: {}: {next}", Causes(&error))
        })?,
        (_, Some(_)) => {
            return Err("DATABASE_CA is given, but DATABASE_URL does not ask for TLS: add sslmode=verify-full to it".to_owned());
        }
        (_, None) => Server::from(config),
    };
    Ok(Database::Given(Box::new(server)))
}

pub(super) fn eventstore(url: String) -> Result<String, String> {
    let known = ["esdb://", "esdb+discover://"].iter().any(|scheme| url.starts_with(scheme));
    if known {
        Ok(url)
    } else {
        Err("EVENTSTORE_URL must begin with esdb://, as esdb://host:2113?tls=false".to_owned())
    }
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| {
        format!("JANGTEO_LISTEN is {text:?}: give address and port, as 127.0.0.1:8080")
    })
}

pub(super) fn may_listen(listen: SocketAddr, auth: &Settings) -> Result<(), String> {
    if listen.ip().is_loopback() || auth.has_means() {
        return Ok(());
    }
    Err(format!(
        "{listen} can be reached from other machines and there is no means of authentication: set JANGTEO_AUTH_KEY (`openssl rand -hex 32` makes one), JANGTEO_AUTH_SECRETS, JANGTEO_AUTH_JWKS_URL or JANGTEO_AUTH_API_KEYS=on, or listen on 127.0.0.1:{}",
        listen.port()
    ))
}

pub(super) fn web_url(name: &str, url: Option<String>) -> Result<Option<Url>, String> {
    let Some(text) = url else { return Ok(None) };
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.map(Some).ok_or_else(|| format!("{name} must be a web address, as http://127.0.0.1:9090"))
}

/// The service that notices go to, with the secrets that it needs. Never repeats a secret.
pub(super) fn notices(
    url: Option<Url>,
    text: Option<&str>,
) -> Result<Option<(Url, Secrets)>, String> {
    let Some(url) = url else { return Ok(None) };
    let text = text.ok_or(
        "NOTICE_URL needs NOTICE_SECRETS, which sign what is sent there: give them as id:secret, the signing one first",
    )?;
    let mut ids = HashSet::new();
    let secrets = text.split(',').map(|one| secret(one.trim()));
    let secrets = secrets.map(|one| one.filter(|one| ids.insert(one.id.clone())));
    let mut secrets = secrets.collect::<Option<Vec<_>>>().into_iter().flatten();
    let signing = secrets.next().ok_or(
        "NOTICE_SECRETS must be id:secret with commas between, each id once, each secret 16 printable ASCII characters or more without spaces, as `openssl rand -hex 32` makes it",
    )?;
    Ok(Some((url, Secrets::new(signing, secrets.collect()))))
}

fn secret(text: &str) -> Option<Secret> {
    let (id, secret) = text.split_once(':')?;
    let strong = secret.len() >= LEAST_SECRET && secret.bytes().all(|byte| byte.is_ascii_graphic());
    let id = Id::new(id).ok()?;
    strong.then(|| Secret { id: id.into(), secret: secret.to_owned() })
}

/// Never repeats a secret. The data directory's own is only for the database that is there.
pub(super) fn masters(text: Option<&str>, is_needed: bool) -> Result<Option<Masters>, String> {
    let Some(text) = text else {
        let missing = "JANGTEO_MASTER_KEY is needed with DATABASE_URL: it wraps the keys that seal people's names and phone numbers. `echo m1:$(openssl rand -hex 32)` makes one; keep it apart from the database, for without it they cannot be read any more";
        return if is_needed { Err(missing.to_owned()) } else { Ok(None) };
    };
    let unusable = "JANGTEO_MASTER_KEY must be id:secret with commas between, each id once, each secret 64 hexadecimal digits, as `echo m1:$(openssl rand -hex 32)` makes it";
    Masters::parse(text).map(Some).map_err(|_| unusable.to_owned())
}

pub(super) fn role(text: &str) -> Result<Role, String> {
    match text {
        "all" => Ok(Role::All),
        "api" => Ok(Role::Api),
        "worker" => Ok(Role::Worker),
        _ => Err(format!("JANGTEO_ROLE is {text:?}: give all, api or worker")),
    }
}

pub(super) fn contexts(text: &str) -> Result<Vec<Context>, String> {
    if text == "all" {
        return Ok(Context::ALL.to_vec());
    }
    let named = text.split(',').map(str::trim).map(|name| Context::named(name).ok_or(name));
    named.collect::<Result<Vec<_>, _>>().map_err(|name| {
        let known = Context::ALL.map(Context::name).join(", ");
        format!("JANGTEO_CONTEXTS names {name:?}: give all, or some of {known} with commas between")
    })
}

/// A number of things that are there at once.
pub(super) fn count(name: &str, text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=1_000_000).contains(number));
    number.ok_or_else(|| format!("{name} is {text:?}: give a whole number from 1 to 1000000"))
}

/// How often somebody may ask, if that is bounded.
pub(super) fn rate(text: &str) -> Result<Option<Rate>, String> {
    if text == "off" {
        return Ok(None);
    }
    let numbers = text.split_once(':').and_then(|(per_second, burst)| {
        Some(Rate { per_second: per_second.parse().ok()?, burst: burst.parse().ok()? })
    });
    let known = numbers.filter(|rate| rate.per_second <= rate.burst);
    known.map(Some).ok_or_else(|| {
        format!("JANGTEO_RATE_LIMIT is {text:?}: give requests per second and, at least as many, how many at once, as 200:400, or off")
    })
}

/// How many failed logins are listened to, if that is bounded.
pub(super) fn logins(text: &str) -> Result<Option<NonZeroU32>, String> {
    if text == "off" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        format!("JANGTEO_LOGIN_LIMIT is {text:?}: give a whole number from 1, as 10, or off")
    })
}

pub(super) fn on_or_off(name: &str, text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("{name} is {text:?}: give on or off")),
    }
}

/// A time that may be none.
pub(super) fn duration_or_none(name: &str, text: &str) -> Result<Duration, String> {
    match text.trim_end_matches(|c: char| c.is_ascii_alphabetic()) {
        "0" => Ok(Duration::ZERO),
        _ => duration(name, text),
    }
}

pub fn duration(name: &str, text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => Some(1),
        "" | "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let number: Option<u64> = digits.parse().ok().filter(|number| *number > 0);
    let millis = number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    // Beyond a year a number is a mistake.
    let millis = millis.filter(|millis| *millis <= 365 * 24 * 3_600_000);
    millis
        .map(Duration::from_millis)
        .ok_or_else(|| format!("{name} is {text:?}: give a time, as 15m, 90s or 500ms"))
}
