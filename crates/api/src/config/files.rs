//! Secrets that are kept in files: `NAME_FILE` says where the secret `NAME` is. A secret is a
//! variable whose values are hidden, in whatever command: nothing else has to be said of it.

use super::Mistakes;
use clap::{Arg, ArgMatches, Command};
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

const SUFFIX: &str = "_FILE";

/// The names of JANGTEO_… variables that are for what stands around the program.
const OF_TOOLS: [&str; 5] =
    ["JANGTEO_TEST_", "JANGTEO_E2E_", "JANGTEO_BINARY", "JANGTEO_TOKEN", "JANGTEO_URL"];

/// What was found in files, by the name of the secret.
#[derive(Clone, Debug, Default)]
pub struct Files {
    found: BTreeMap<String, (PathBuf, String)>,
    mistakes: BTreeMap<String, String>,
}

impl Files {
    /// Reads the files of all secrets that the command line knows.
    pub fn read(command: &Command, variable: &impl Fn(&str) -> Option<OsString>) -> Self {
        let mut files = Self::default();
        let secrets: BTreeSet<_> = arguments(command).filter(|arg| is_secret(arg)).collect();
        for name in secrets.into_iter().filter_map(variable_of) {
            let set = |name: &str| variable(name).filter(|value| !value.is_empty());
            let Some(path) = set(&format!("{name}{SUFFIX}")).map(PathBuf::from) else { continue };
            let both = set(&name)
                .map(|_| format!("{name} and {name}{SUFFIX} are both set: set one of them"));
            match both.map_or_else(|| secret_in(&name, &path), Err) {
                Ok(secret) => _ = files.found.insert(name, (path, secret)),
                Err(mistake) => _ = files.mistakes.insert(name, mistake),
            }
        }
        files
    }

    /// The command line, where a secret that is in a file is what is meant without the variable.
    pub fn put_into(&self, command: Command) -> Command {
        let command = command.mut_args(|arg| self.put(arg));
        command.mut_subcommands(|command| self.put_into(command))
    }

    fn put(&self, arg: Arg) -> Arg {
        let found = variable_of(&arg).and_then(|name| self.found.get(&name));
        match found {
            // The variable may be there and empty, which is as if it were not.
            Some((_, secret)) => {
                arg.env(None::<&'static str>).default_value(secret.clone()).hide_default_value(true)
            }
            None => arg,
        }
    }

    /// Where a secret was found.
    pub fn path_of(&self, name: &str) -> Option<&Path> {
        self.found.get(name).map(|(path, _)| path.as_path())
    }

    /// What is wrong with the files that the given command needs.
    pub fn mistakes(&self, command: &Command, matches: &ArgMatches) -> Mistakes {
        let mut given = (command, matches);
        while let Some((name, matches)) = given.1.subcommand() {
            let Some(command) = given.0.find_subcommand(name) else { break };
            given = (command, matches);
        }
        let needed: BTreeSet<_> = given.0.get_arguments().filter_map(variable_of).collect();
        let needed = self.mistakes.iter().filter(|(name, _)| needed.contains(*name));
        Mistakes(needed.map(|(_, mistake)| mistake.clone()).collect())
    }
}

/// Never repeats a secret.
fn secret_in(name: &str, path: &Path) -> Result<String, String> {
    let where_it_is = format!("{name}{SUFFIX} is {}", path.display());
    let text = fs::read_to_string(path)
        .map_err(|error| format!("{where_it_is}, which cannot be read: {error}"))?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.trim().is_empty() {
        return Err(format!("{where_it_is}, which is empty: put the secret there"));
    }
    Ok(secret.to_owned())
}

/// The variables that begin like ours and are none of them: most likely mistyped.
pub fn unknown(command: &Command, variables: impl Iterator<Item = String>) -> Vec<String> {
    let mut known = BTreeSet::new();
    for arg in arguments(command) {
        let Some(name) = variable_of(arg) else { continue };
        if is_secret(arg) {
            known.insert(format!("{name}{SUFFIX}"));
        }
        known.insert(name);
    }
    let ours = variables.filter(|name| name.starts_with("JANGTEO_"));
    let ours = ours.filter(|name| !OF_TOOLS.iter().any(|tool| name.starts_with(tool)));
    ours.filter(|name| !known.contains(name)).collect()
}

/// Those of all commands.
fn arguments(command: &Command) -> Box<dyn Iterator<Item = &Arg> + '_> {
    Box::new(command.get_arguments().chain(command.get_subcommands().flat_map(arguments)))
}

pub(super) fn variable_of(arg: &Arg) -> Option<String> {
    arg.get_env().and_then(|name| name.to_str()).map(str::to_owned)
}

pub(super) fn is_secret(arg: &Arg) -> bool {
    arg.is_hide_env_values_set()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StoreArgs;
    use clap::{Args, FromArgMatches};
    use tempfile::TempDir;

    /// What a command takes `DATABASE_URL` to be, and what is wrong.
    fn taken(variables: &[(&str, &str)], arguments: &[&str]) -> (Option<String>, String) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let command = StoreArgs::augment_args(Command::new("views"));
        let command = Command::new("jangteo").subcommand(command);
        let files = Files::read(&command, &variable);
        let command = files.put_into(command);
        let words = ["jangteo", "views"].iter().chain(arguments);
        let matches = command.clone().get_matches_from(words);
        let (_, views) = matches.subcommand().unwrap();
        let url = StoreArgs::from_arg_matches(views).unwrap().database_url;
        (url, files.mistakes(&command, &matches).to_string())
    }

    #[test]
    fn a_secret_is_read_from_its_file_without_the_end_of_its_line() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("url").display().to_string();
        fs::write(&path, "postgres://a:b@c/d\r\n").unwrap();
        let (url, mistakes) = taken(&[("DATABASE_URL_FILE", &path)], &[]);
        assert_eq!(url.as_deref(), Some("postgres://a:b@c/d"), "{mistakes}");
        let (url, _) = taken(&[("DATABASE_URL_FILE", &path), ("DATABASE_URL", "")], &[]);
        assert_eq!(url.as_deref(), Some("postgres://a:b@c/d"));
        let (url, _) = taken(&[("DATABASE_URL_FILE", &path)], &["--database-url", "here"]);
        assert_eq!(url.as_deref(), Some("here"));
    }

    #[test]
    fn a_file_that_gives_no_secret_is_a_mistake_and_so_is_having_both() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("url").display().to_string();
        let told = |variables: &[(&str, &str)]| taken(variables, &[]).1;
        let away = told(&[("DATABASE_URL_FILE", &path)]);
        assert!(away.contains("DATABASE_URL_FILE") && away.contains(&path), "{away}");
        fs::write(&path, "\n").unwrap();
        assert!(told(&[("DATABASE_URL_FILE", &path)]).contains("is empty"));
        fs::write(&path, "a-secret").unwrap();
        let both = told(&[("DATABASE_URL_FILE", &path), ("DATABASE_URL", "b-secret")]);
        assert!(both.contains("both set") && !both.contains("-secret"), "{both}");
    }

    #[test]
    fn a_variable_that_looks_like_ours_and_is_not_is_found() {
        let command = StoreArgs::augment_args(Command::new("views"));
        let all = ["JANGTEO_DATA_DIR", "JANGTEO_DATADIR", "HOME", "JANGTEO_TEST_POSTGRES"];
        let found = unknown(&command, all.map(str::to_owned).into_iter());
        assert_eq!(found, ["JANGTEO_DATADIR"]);
    }
}
