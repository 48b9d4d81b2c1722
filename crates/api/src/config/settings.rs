//! What is configured, for people: each variable with its value in effect and where that comes from,
//! secrets left out, and the table of what there is.

use super::{
    ServeArgs,
    files::{Files, is_secret, variable_of},
};
use clap::{Arg, ArgMatches, Args, Command, parser::ValueSource};
use std::{fmt, path::PathBuf};

/// What stands for a secret.
const HIDDEN: &str = "***";

/// Addresses whose names of users and paths are no secrets.
const DATABASES: [&str; 4] = ["postgres", "postgresql", "esdb", "esdb+discover"];

/// A variable as it is in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    name: String,
    /// Fit to be shown.
    value: Option<String>,
    source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    NotSet,
    Default,
    Environment,
    File(PathBuf),
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSet => f.write_str("not set"),
            Self::Default => f.write_str("default"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Flag => f.write_str("flag"),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = format!("{}={}", self.name, self.value.as_deref().unwrap_or_default());
        write!(f, "{set:<50} # {}", self.source)
    }
}

/// All variables of `serve` as they were given.
pub fn settings(given: &ArgMatches, files: &Files) -> Vec<Setting> {
    let serve = ServeArgs::augment_args(Command::new("serve"));
    serve.get_arguments().filter_map(|arg| setting(arg, given, files)).collect()
}

fn setting(arg: &Arg, given: &ArgMatches, files: &Files) -> Option<Setting> {
    let name = variable_of(arg)?;
    let id = arg.get_id().as_str();
    let value = given.get_raw(id).and_then(|mut values| values.next());
    let value = value.map(|value| value.to_string_lossy().into_owned());
    let value = value.filter(|value| !value.trim().is_empty());
    let (value, source) = match (value, given.value_source(id)) {
        (None, _) | (_, None) => match default_of(arg) {
            Some(default) => (Some(default), Source::Default),
            None => (None, Source::NotSet),
        },
        (value, Some(ValueSource::CommandLine)) => (value, Source::Flag),
        (value, Some(ValueSource::EnvVariable)) => (value, Source::Environment),
        (value, Some(_)) => match files.path_of(&name) {
            Some(path) => (value, Source::File(path.to_owned())),
            None => (value, Source::Default),
        },
    };
    let value = value.map(|value| shown(&value, is_secret(arg)));
    Some(Setting { name, value, source })
}

fn default_of(arg: &Arg) -> Option<String> {
    arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned())
}

/// On one line, without what nobody shall see.
fn shown(value: &str, is_secret: bool) -> String {
    let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match value.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(|c: char| c.is_whitespace() || c == '=') => {
            address(scheme, rest, is_secret)
        }
        _ if is_secret => HIDDEN.to_owned(),
        _ => value,
    }
}

/// Who logs in is in front of the last `@`: whatever may be in a password, it is not shown. A path
/// or a query may have a secret too, unless it is a database's.
fn address(scheme: &str, rest: &str, is_secret: bool) -> String {
    let is_database = DATABASES.contains(&scheme);
    let (login, rest) = match rest.rsplit_once('@') {
        Some((login, rest)) if is_database => {
            let user = login.split(':').next().unwrap_or_default();
            let password = if login.contains(':') { format!(":{HIDDEN}") } else { String::new() };
            (format!("{user}{password}@"), rest)
        }
        Some((_, rest)) => (format!("{HIDDEN}@"), rest),
        None => (String::new(), rest),
    };
    let end = match (is_secret, is_database) {
        (false, _) => None,
        (true, true) => rest.find('?'),
        (true, false) => rest.find(['/', '?', '#']).filter(|end| rest[*end..] != *"/"),
    };
    let (open, hidden) = end.map_or((rest, ""), |end| (&rest[..=end], HIDDEN));
    format!("{scheme}://{login}{open}{hidden}")
}

/// All variables, as docs/configuration.md has them.
pub fn table() -> String {
    let serve = ServeArgs::augment_args(Command::new("serve"));
    let mut table = "| variable | flag | default | what |\n|---|---|---|---|\n".to_owned();
    for arg in serve.get_arguments() {
        let Some(name) = variable_of(arg) else { continue };
        let file = if is_secret(arg) { format!(", or `{name}_FILE`") } else { String::new() };
        let flag = arg.get_long().unwrap_or_default();
        let default = default_of(arg).map_or("none".to_owned(), |value| format!("`{value}`"));
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.replace('|', "\\|");
        table += &format!("| `{name}`{file} | `--{flag}` | {default} | {help} |\n");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_has_no_secrets() {
        for (value, is_secret, expected) in [
            ("127.0.0.1:8080", false, "127.0.0.1:8080"),
            ("hunter2", true, "***"),
            ("k1:hunter2,k2:hunter2", true, "***"),
            ("host=db password=hunter2", true, "***"),
            ("host=db options=a://hunter2", true, "***"),
            ("postgres://me:hunter2@db:5432/shop", true, "postgres://me:***@db:5432/shop"),
            ("postgres://me:hun/t@er2@db/shop", true, "postgres://me:***@db/shop"),
            ("postgres://db/shop?password=hunter2", true, "postgres://db/shop?***"),
            ("postgres://me@db", true, "postgres://me@db"),
            ("esdb://a:hunter2@h1:2113,h2:2113?tls=true", true, "esdb://a:***@h1:2113,h2:2113?***"),
            ("https://hunter2@sms.example/in", true, "https://***@sms.example/***"),
            ("https://sms.example/", true, "https://sms.example/"),
            ("https://sms.example?key=hunter2", true, "https://sms.example?***"),
            ("https://me:hunter2@pay.example/v1", false, "https://***@pay.example/v1"),
            ("two\nlines", false, "two lines"),
        ] {
            assert_eq!(shown(value, is_secret), expected);
        }
    }

    #[test]
    fn each_variable_is_shown_with_where_it_comes_from() {
        let words = ["serve", "--listen", "127.0.0.1:0", "--role", ""];
        let given = ServeArgs::augment_args(Command::new("serve")).get_matches_from(words);
        let settings = settings(&given, &Files::default());
        let of = |name: &str| settings.iter().find(|one| one.name == name).unwrap().to_string();
        assert!(of("JANGTEO_LISTEN").starts_with("JANGTEO_LISTEN=127.0.0.1:0 "));
        assert!(of("JANGTEO_LISTEN").ends_with("# flag"));
        assert!(of("JANGTEO_ROLE").starts_with("JANGTEO_ROLE=all "), "{}", of("JANGTEO_ROLE"));
        assert!(of("JANGTEO_ROLE").ends_with("# default"));
        assert!(of("PAYMENT_URL").ends_with("# not set"));
    }
}
