//! Reading an archive: line by line, and not believing what its checksums do not confirm.

use super::{ArchiveError, ArchivedEvent, FORMAT, Header, Line, TableRow, hexed};
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

/// What an archive holds, seen to be whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Archive {
    pub header: Header,
    pub events: u64,
    pub rows: u64,
}

/// Goes through an archive once.
pub struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    text: String,
    line: u64,
    /// Where the next line begins, in bytes.
    offset: u64,
    sum: Sha256,
    events: u64,
    rows: u64,
}

/// What [`Reader::step`] came to.
pub(super) enum Step {
    Header(Header),
    Event(Box<ArchivedEvent>),
    /// All before it is as it was written.
    Checked,
    Row(TableRow),
    End,
    /// The file ends here, before it should.
    CutOff,
}

impl Reader {
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let failed = |source| ArchiveError::File { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            file: BufReader::with_capacity(1 << 20, file),
            text: String::new(),
            line: 0,
            offset: 0,
            sum: Sha256::new(),
            events: 0,
            rows: 0,
        })
    }

    /// Reads all of it, and confirms each checksum.
    pub fn check(path: &Path) -> Result<Archive, ArchiveError> {
        let mut reader = Self::open(path)?;
        let Step::Header(header) = reader.step()? else {
            return Err(reader.damaged("it does not begin as an archive does"));
        };
        loop {
            match reader.step()? {
                Step::End => break,
                Step::CutOff => return Err(ArchiveError::CutOff { path: reader.path }),
                Step::Header(_) => return Err(reader.damaged("it begins twice")),
                Step::Event(_) | Step::Checked | Step::Row(_) => {}
            }
        }
        Ok(Archive { header, events: reader.events, rows: reader.rows })
    }

    /// Its rows, in their order; events are passed over.
    pub fn rows(
        path: &Path,
    ) -> Result<impl Iterator<Item = Result<TableRow, ArchiveError>>, ArchiveError> {
        let mut reader = Self::open(path)?;
        Ok(std::iter::from_fn(move || {
            loop {
                match reader.step() {
                    Ok(Step::Row(row)) => return Some(Ok(row)),
                    Ok(Step::End | Step::CutOff) => return None,
                    Ok(Step::Header(_) | Step::Event(_) | Step::Checked) => {}
                    Err(error) => return Some(Err(error)),
                }
            }
        }))
    }

    /// The next event; `None` after the last.
    pub(super) fn event(&mut self) -> Result<Option<ArchivedEvent>, ArchiveError> {
        loop {
            match self.step()? {
                Step::Event(event) => return Ok(Some(*event)),
                Step::Row(_) | Step::End | Step::CutOff => return Ok(None),
                Step::Header(_) | Step::Checked => {}
            }
        }
    }

    pub(super) fn step(&mut self) -> Result<Step, ArchiveError> {
        self.text.clear();
        let read = self.file.read_line(&mut self.text);
        let read = read.map_err(|source| ArchiveError::File { path: self.path.clone(), source })?;
        if !self.text.ends_with('\n') {
            return Ok(Step::CutOff);
        }
        self.line += 1;
        let line = serde_json::from_str(&self.text);
        let line = line.map_err(|error| self.damaged(error.to_string()))?;
        let step = self.judge(line)?;
        self.offset += read as u64;
        self.sum.update(self.text.as_bytes());
        Ok(step)
    }

    fn judge(&mut self, line: Line) -> Result<Step, ArchiveError> {
        match line {
            Line::Archive(header) if header.format > FORMAT => {
                let why = format!("it has format {}, which a newer program reads", header.format);
                Err(self.damaged(why))
            }
            Line::Archive(header) => Ok(Step::Header(header)),
            Line::Event(event) => {
                self.events += 1;
                Ok(Step::Event(event))
            }
            Line::Row(row) => {
                self.rows += 1;
                Ok(Step::Row(row))
            }
            Line::Check(check) => {
                self.confirm(check.sha256 == self.sum() && check.events == self.events)?;
                Ok(Step::Checked)
            }
            Line::End(end) => {
                let counts = (end.events, end.rows) == (self.events, self.rows);
                self.confirm(end.sha256 == self.sum() && counts)?;
                Ok(Step::End)
            }
        }
    }

    fn confirm(&self, is_right: bool) -> Result<(), ArchiveError> {
        let wrong = "something before it is not what was written, by its checksum";
        if is_right { Ok(()) } else { Err(self.damaged(wrong)) }
    }

    fn sum(&self) -> String {
        hexed(&self.sum.clone().finalize())
    }

    pub(super) fn damaged(&self, why: impl Into<String>) -> ArchiveError {
        ArchiveError::Damaged { path: self.path.clone(), line: self.line, why: why.into() }
    }

    /// How far it is, for whoever goes on writing there: bytes, events and their checksum.
    pub(super) fn place(&self) -> (u64, u64, Sha256) {
        (self.offset, self.events, self.sum.clone())
    }
}
