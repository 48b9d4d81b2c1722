//! The simulator's journal: a file of JSON lines, one for each charge and refund.
//!
//! Whoever reads or writes it holds the file's lock, so several processes may use one journal.

use super::record::Entry;
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the payment journal {} cannot be read or written", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the payment journal {} holds a line that is not a charge or a refund", path.display())]
    Foreign {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Up to here, in bytes, it has been read or written by us.
    known: u64,
}

impl Journal {
    /// Makes the file when it is missing.
    pub(super) fn open(path: PathBuf) -> Result<Self, JournalError> {
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&path)
            .map_err(failed(&path))?;
        Ok(Self { path, file, known: 0 })
    }

    /// Takes the lock and gives what is new. Dropping the journal gives the lock back.
    pub(super) fn lock(&mut self) -> Result<Vec<Entry>, JournalError> {
        self.file.lock().map_err(failed(&self.path))?;
        let entries = self.news();
        if entries.is_err() {
            self.unlock()?;
        }
        entries
    }

    pub(super) fn unlock(&mut self) -> Result<(), JournalError> {
        self.file.unlock().map_err(failed(&self.path))
    }

    /// Adds one line. Only with the lock.
    pub(super) fn append(&mut self, entry: &Entry) -> Result<(), JournalError> {
        let mut line = serde_json::to_vec(entry).map_err(|source| self.foreign(source))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(failed(&self.path))?;
        self.known += line.len() as u64;
        Ok(())
    }

    fn news(&mut self) -> Result<Vec<Entry>, JournalError> {
        let bytes = self.unread().map_err(failed(&self.path))?;
        let entries = bytes
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(serde_json::from_slice)
            .collect::<Result<_, _>>()
            .map_err(|source| self.foreign(source))?;
        self.known += bytes.len() as u64;
        Ok(entries)
    }

    /// The whole lines that others wrote. A line without an end is what a writer left that died
    /// or ran out of disk: nobody was answered, so it is taken back.
    fn unread(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if self.file.metadata()?.len() == self.known {
            return Ok(bytes);
        }
        self.file.seek(SeekFrom::Start(self.known))?;
        self.file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        if whole < bytes.len() {
            bytes.truncate(whole);
            self.file.set_len(self.known + whole as u64)?;
        }
        Ok(bytes)
    }

    fn foreign(&self, source: serde_json::Error) -> JournalError {
        let path = self.path.clone();
        JournalError::Foreign { path, source }
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> JournalError {
    |source| JournalError::Io { path: path.to_owned(), source }
}
