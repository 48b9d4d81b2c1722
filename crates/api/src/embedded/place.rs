//! Where the private PostgreSQL lives, as whom it runs, and that nobody else uses it.
//!
//! In the data directory: `jangteo.lock`, held while a process uses the directory; `postgres`, the
//! cluster; `postgres.log`. PostgreSQL refuses to run as root, so root runs it as another user; when
//! that user cannot enter the data directory, the cluster is made elsewhere, in a folder of its own
//! with a lock of its own, and `postgres.place` in the data directory says where.

mod account;

pub use account::{Account, give};

use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::{fs, io};

use account::{account_for, check_reach};
use nix::unistd::geteuid;
use uuid::Uuid;

use super::error::EmbeddedError;

const LOCK: &str = "jangteo.lock";
const NOTE: &str = "postgres.place";
const CLUSTER: &str = "postgres";
const LOG: &str = "postgres.log";

/// The longest folder that a socket may be in: its address holds 104 bytes on some systems, and the
/// socket's own name takes 14 of them.
const LONGEST_SOCKET_FOLDER: usize = 88;

/// A place for a cluster, and the right to use it for as long as this lives.
pub struct Place {
    pub cluster: PathBuf,
    pub sockets: PathBuf,
    pub log: PathBuf,
    /// The user to run PostgreSQL as; none means as ourselves.
    pub account: Option<Account>,
    _locks: Vec<File>,
}

impl Place {
    /// Makes the data directory if need be and takes it for this process. `elsewhere` is where
    /// clusters go that cannot be in their data directory.
    pub fn claim(data_dir: &Path, elsewhere: &Path) -> Result<Self, EmbeddedError> {
        fs::create_dir_all(data_dir).map_err(EmbeddedError::io("make", data_dir))?;
        let data_dir = data_dir.canonicalize().map_err(EmbeddedError::io("open", data_dir))?;
        let mut locks = vec![lock(&data_dir)?];
        let lent = account::lent()?;
        let base = base(&data_dir, elsewhere, lent)?;
        let base = base.canonicalize().map_err(EmbeddedError::io("open", &base))?;
        if base != data_dir {
            tracing::info!(place = %base.display(), "the embedded PostgreSQL is outside the data directory");
            locks.push(lock(&base)?);
        }
        let cluster = base.join(CLUSTER);
        let account = account_for(&cluster, lent)?;
        if let Some(account) = account {
            check_reach(account, &base)?;
        }
        let sockets = sockets(&cluster, account)?;
        Ok(Self { cluster, sockets, log: data_dir.join(LOG), account, _locks: locks })
    }
}

/// The cluster of a data directory that a process has claimed.
pub fn cluster_in_use(data_dir: &Path) -> Option<PathBuf> {
    let data_dir = data_dir.canonicalize().ok()?;
    let lock = File::open(data_dir.join(LOCK)).ok()?;
    if !matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    noted(&data_dir).unwrap_or(data_dir).join(CLUSTER).canonicalize().ok()
}

/// Taken without waiting; the file says who holds it.
fn lock(folder: &Path) -> Result<File, EmbeddedError> {
    let path = folder.join(LOCK);
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(EmbeddedError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let read = file.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
            let holder = read.then(|| holder.trim().to_owned());
            return Err(EmbeddedError::InUse { data_dir: folder.to_owned(), holder });
        }
        Err(TryLockError::Error(source)) => return Err(EmbeddedError::io("lock", &path)(source)),
    }
    let signed = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    signed.map_err(EmbeddedError::io("write", &path))?;
    Ok(file)
}

/// The folder that holds the cluster and its lock: where it is already, or else the data directory
/// unless the user that root lends cannot enter it.
fn base(
    data_dir: &Path,
    elsewhere: &Path,
    lent: Option<Account>,
) -> Result<PathBuf, EmbeddedError> {
    if let Some(place) = noted(data_dir) {
        return Ok(place);
    }
    match lent {
        Some(lent) if !data_dir.join(CLUSTER).exists() && check_reach(lent, data_dir).is_err() => {
            make_elsewhere(data_dir, elsewhere)
        }
        _ => Ok(data_dir.to_owned()),
    }
}

fn noted(data_dir: &Path) -> Option<PathBuf> {
    let note = fs::read(data_dir.join(NOTE)).ok()?;
    Some(PathBuf::from(OsStr::from_bytes(note.trim_ascii_end())))
}

/// A new folder every time, so that a data directory that was deleted and made again begins empty.
fn make_elsewhere(data_dir: &Path, elsewhere: &Path) -> Result<PathBuf, EmbeddedError> {
    fs::create_dir_all(elsewhere)
        .and_then(|()| open_to_all(elsewhere))
        .map_err(EmbeddedError::io("make", elsewhere))?;
    let name = short_name(data_dir);
    let mut folder = elsewhere.join(&name);
    let mut count = 1;
    while let Err(error) = fs::create_dir(&folder) {
        if error.kind() != ErrorKind::AlreadyExists {
            return Err(EmbeddedError::io("make", &folder)(error));
        }
        count += 1;
        folder = elsewhere.join(format!("{name}-{count}"));
    }
    open_to_all(&folder).map_err(EmbeddedError::io("open", &folder))?;
    let note = data_dir.join(NOTE);
    write_note(&note, &folder).map_err(EmbeddedError::io("write", &note))?;
    Ok(folder)
}

fn write_note(note: &Path, folder: &Path) -> io::Result<()> {
    let mut file = File::create(note)?;
    file.write_all(folder.as_os_str().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Whatever the umask: others may pass through, the cluster below is closed.
fn open_to_all(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o755))
}

/// The same for the same path, and short.
fn short_name(path: &Path) -> String {
    let hash = Uuid::new_v5(&Uuid::NAMESPACE_URL, path.as_os_str().as_bytes());
    hash.simple().to_string()[..16].to_owned()
}

/// The cluster itself, which is closed to all but its owner; a folder as closed with a short name
/// when the cluster's is too long for a socket's address.
fn sockets(cluster: &Path, account: Option<Account>) -> Result<PathBuf, EmbeddedError> {
    if cluster.as_os_str().len() <= LONGEST_SOCKET_FOLDER {
        return Ok(cluster.to_owned());
    }
    let folder = Path::new("/tmp").join(format!("jangteo-{}", short_name(cluster)));
    let made = match DirBuilder::new().mode(0o700).create(&folder) {
        Ok(()) => give(&folder, account),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    };
    made.map_err(EmbeddedError::io("make", &folder))?;
    // Anybody may make folders there, so one that was there already must be ours and closed.
    let found = fs::symlink_metadata(&folder).map_err(EmbeddedError::io("open", &folder))?;
    let owner = account.map_or(geteuid().as_raw(), |account| account.user);
    if !found.is_dir() || found.uid() != owner || found.mode() & 0o077 != 0 {
        return Err(EmbeddedError::NotOurs { path: folder, owner: found.uid() });
    }
    Ok(folder)
}

#[cfg(test)]
mod tests;
