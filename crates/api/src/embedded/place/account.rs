//! The user that PostgreSQL runs as. It refuses to run as root, so root lends it another.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use nix::unistd::{User, geteuid};

use crate::embedded::error::EmbeddedError;

/// A user that root lends to PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    pub user: u32,
    pub group: u32,
}

/// Whom we lend: `postgres` if the system has it, else `nobody`; nobody at all unless we are root.
pub fn lent() -> Result<Option<Account>, EmbeddedError> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let user =
        ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok().flatten());
    let user = user.ok_or(EmbeddedError::NoUser)?;
    Ok(Some(Account { user: user.uid.as_raw(), group: user.gid.as_raw() }))
}

/// An existing cluster runs as its owner, whoever that is; PostgreSQL insists on it.
pub fn account_for(
    cluster: &Path,
    lent: Option<Account>,
) -> Result<Option<Account>, EmbeddedError> {
    let owner = match fs::metadata(cluster) {
        Ok(found) => Account { user: found.uid(), group: found.gid() },
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(lent),
        Err(error) => return Err(EmbeddedError::io("open", cluster)(error)),
    };
    match lent {
        Some(_) if owner.user != 0 => Ok(Some(owner)),
        None if owner.user == geteuid().as_raw() => Ok(None),
        _ => Err(EmbeddedError::NotOurs { path: cluster.to_owned(), owner: owner.user }),
    }
}

/// Whether the account may pass through every folder on the way.
pub fn check_reach(account: Account, folder: &Path) -> Result<(), EmbeddedError> {
    for step in folder.ancestors() {
        let found = fs::metadata(step).map_err(EmbeddedError::io("open", step))?;
        if !may_enter(account, &found) {
            return Err(EmbeddedError::Unreachable { path: step.to_owned(), user: account.user });
        }
    }
    Ok(())
}

fn may_enter(account: Account, folder: &Metadata) -> bool {
    let bit = if folder.uid() == account.user {
        0o100
    } else if folder.gid() == account.group {
        0o010
    } else {
        0o001
    };
    folder.mode() & bit != 0
}

/// Makes the account the owner of a folder.
pub fn give(folder: &Path, account: Option<Account>) -> io::Result<()> {
    let Some(Account { user, group }) = account else {
        return Ok(());
    };
    chown(folder, Some(user), Some(group))
}
