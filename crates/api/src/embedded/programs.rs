//! Finds PostgreSQL's server programs: on the PATH, and where systems put them off it.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::error::EmbeddedError;

/// Folders that hold `bin`s of numbered versions, and what stands before and after the number.
const USUAL: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/usr/local", "pgsql", "bin"),
];

/// The server programs of one version.
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Those of the major version `wanted`; the first that are there when any will do.
    pub async fn find(wanted: Option<&Wanted>) -> Result<Self, EmbeddedError> {
        let mut found = None;
        for folder in candidates() {
            let Some(version) = major_version(&folder.join("postgres")).await else {
                continue;
            };
            if wanted.is_none_or(|wanted| wanted.version == version) {
                return Ok(Self { folder });
            }
            found.get_or_insert(version);
        }
        Err(match (wanted, found) {
            (Some(wanted), Some(found)) => {
                let Wanted { cluster, version } = wanted.clone();
                EmbeddedError::OtherVersion { cluster, wanted: version, found }
            }
            _ => EmbeddedError::NoPrograms,
        })
    }

    pub fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }
}

/// The version that an existing cluster needs.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub cluster: PathBuf,
    /// The major version, as `15`.
    pub version: String,
}

/// Folders with both programs: those on the PATH, then the usual ones, newest first.
fn candidates() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(
        USUAL.iter().flat_map(|(root, prefix, rest)| numbered(Path::new(root), prefix, rest)),
    );
    folders.retain(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file());
    folders
}

fn numbered(root: &Path, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let mut folders: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number: String =
                name.strip_prefix(prefix)?.chars().filter(char::is_ascii_digit).collect();
            Some((number.parse().unwrap_or(0), entry.path().join(rest)))
        })
        .collect();
    folders.sort_by(|one, other| other.cmp(one));
    folders.into_iter().map(|(_, folder)| folder).collect()
}

/// From `postgres (PostgreSQL) 15.4 (…)`.
async fn major_version(postgres: &Path) -> Option<String> {
    let output = Command::new(postgres).arg("--version").output().await.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_whitespace().nth(2)?;
    Some(version.chars().take_while(char::is_ascii_digit).collect())
}
