//! A database cluster: how it is made, and the settings it runs with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::error::EmbeddedError;
use super::place::{Place, give};
use super::programs::{Programs, Wanted};

/// The one role. Everybody who can reach the socket may take it, and only the server's own user and
/// root can.
pub const SUPERUSER: &str = "jangteo";

/// The version that made the cluster; none when there is no cluster.
pub fn version(cluster: &Path) -> Option<Wanted> {
    let version = fs::read_to_string(cluster.join("PG_VERSION")).ok()?;
    Some(Wanted { cluster: cluster.to_owned(), version: version.trim().to_owned() })
}

/// Makes the cluster beside its place and moves it there when it is whole, so that a start that was
/// cut off leaves nothing half-made in use.
pub async fn make(place: &Place, programs: &Programs) -> Result<(), EmbeddedError> {
    tracing::info!(cluster = %place.cluster.display(), "making the embedded PostgreSQL's database cluster");
    let unfinished = place.cluster.with_extension("new");
    make_empty(&unfinished, place).map_err(EmbeddedError::io("make", &unfinished))?;
    let program = programs.initdb();
    let output = command(&program, place)
        .arg("--pgdata")
        .arg(&unfinished)
        .args(["--username", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C"])
        .output()
        .await
        .map_err(EmbeddedError::io("run", &program))?;
    if !output.status.success() {
        let output = [output.stdout, output.stderr].concat();
        let output = String::from_utf8_lossy(&output).trim().to_owned();
        return Err(EmbeddedError::InitDb { cluster: unfinished, output });
    }
    let moved =
        fs::rename(&unfinished, &place.cluster).and_then(|()| sync_folder_of(&place.cluster));
    moved.map_err(EmbeddedError::io("make", &place.cluster))
}

fn make_empty(folder: &Path, place: &Place) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir(folder)?;
    give(folder, place.account)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

/// The server, ready to be started.
pub fn server(place: &Place, programs: &Programs) -> Command {
    let mut command = command(&programs.postgres(), place);
    command.arg("-D").arg(&place.cluster);
    for (name, value) in settings(&place.sockets) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    command
}

/// A program of PostgreSQL's, as the user it runs as, without what our own environment says about
/// PostgreSQL, and in a folder that everybody may enter.
fn command(program: &PathBuf, place: &Place) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").env("LC_ALL", "C");
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG"))
    {
        command.env_remove(name);
    }
    if let Some(account) = place.account {
        // This gives up root's further groups, too.
        command.uid(account.user).gid(account.group);
    }
    command
}

/// Given on the command line, so that they hold whatever the cluster's own files say.
fn settings(sockets: &Path) -> Vec<(&'static str, String)> {
    let memory = shared_buffers_megabytes(total_megabytes());
    vec![
        ("listen_addresses", String::new()),
        ("unix_socket_directories", socket_setting(sockets)),
        ("unix_socket_permissions", "0700".to_owned()),
        ("cluster_name", "jangteo".to_owned()),
        ("fsync", "on".to_owned()),
        ("full_page_writes", "on".to_owned()),
        ("synchronous_commit", "on".to_owned()),
        ("max_connections", "200".to_owned()),
        ("shared_buffers", format!("{memory}MB")),
        ("effective_cache_size", format!("{}MB", memory * 2)),
        ("maintenance_work_mem", "128MB".to_owned()),
        ("max_wal_size", "2GB".to_owned()),
        ("min_wal_size", "256MB".to_owned()),
        ("jit", "off".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        ("lc_messages", "C".to_owned()),
        ("logging_collector", "off".to_owned()),
        ("log_destination", "stderr".to_owned()),
    ]
}

/// A list of folders to PostgreSQL, so one with a comma or a space in it is quoted.
fn socket_setting(sockets: &Path) -> String {
    format!("\"{}\"", sockets.to_string_lossy().replace('"', "\"\""))
}

/// A quarter of the machine's memory, within reason.
fn shared_buffers_megabytes(total: Option<u64>) -> u64 {
    total.map_or(256, |total| (total / 4).clamp(128, 1024))
}

fn total_megabytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes: u64 = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kilobytes / 1024)
}
