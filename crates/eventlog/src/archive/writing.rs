//! Writing an archive, or going on with one that was cut off.

use super::{
    ArchiveError, ArchivedEvent, Check, End, Header, Line, Reader, TableRow, hexed, reading::Step,
};
use crate::{Position, RecordedEvent};
use sha2::{Digest, Sha256};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// A checksum is written after so many events: what a cut costs at most.
const CHECKED_EVERY: u64 = 10_000;

pub struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    sum: Sha256,
    events: u64,
    rows: u64,
    last: Position,
}

impl Writer {
    /// Begins an archive; goes on with one that is there and was cut off. One that is complete is
    /// left alone.
    pub fn open(path: &Path, header: &Header) -> Result<Self, ArchiveError> {
        let failed = |source| ArchiveError::File { path: path.to_owned(), source };
        if path.metadata().is_ok_and(|there| there.len() > 0) {
            return Self::go_on(path, header);
        }
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path);
        Self::begin(path, file.map_err(failed)?, header)
    }

    fn begin(path: &Path, file: File, header: &Header) -> Result<Self, ArchiveError> {
        let mut writer = Self {
            path: path.to_owned(),
            file: BufWriter::with_capacity(1 << 20, file),
            sum: Sha256::new(),
            events: 0,
            rows: 0,
            last: Position::START,
        };
        writer.line(&Line::Archive(header.clone()))?;
        Ok(writer)
    }

    /// From the last checksum that is right; from the beginning when there is none.
    fn go_on(path: &Path, header: &Header) -> Result<Self, ArchiveError> {
        let failed = |source| ArchiveError::File { path: path.to_owned(), source };
        let mut reader = Reader::open(path)?;
        let (mut whole, mut last, mut seen) = (None, Position::START, Position::START);
        loop {
            match reader.step() {
                Ok(Step::End) => return Err(ArchiveError::Complete { path: path.to_owned() }),
                Ok(Step::Event(event)) => {
                    seen = event.position().map_err(|why| reader.damaged(why))?;
                }
                Ok(Step::Checked) => {
                    (whole, last) = (Some(reader.place()), seen);
                }
                Ok(Step::Header(_) | Step::Row(_)) => {}
                // A file of something else is not written over.
                Err(error) if reader.place().0 == 0 => return Err(error),
                Ok(Step::CutOff) | Err(_) => break,
            }
        }
        let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        let Some((offset, events, sum)) = whole else {
            file.set_len(0).map_err(failed)?;
            return Self::begin(path, file, header);
        };
        file.set_len(offset).map_err(failed)?;
        let mut file = BufWriter::with_capacity(1 << 20, file);
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, sum, events, rows: 0, last })
    }

    /// Up to where events are in it already.
    pub fn last(&self) -> Position {
        self.last
    }

    /// How many are in it.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The next event of the log. After the first row there are no more.
    pub fn event(&mut self, event: &RecordedEvent) -> Result<(), ArchiveError> {
        let archived = ArchivedEvent::of(event).map_err(|error| self.failed(error.into()))?;
        self.line(&Line::Event(Box::new(archived)))?;
        self.events += 1;
        self.last = event.position;
        if self.events.is_multiple_of(CHECKED_EVERY) {
            let check = Check { events: self.events, sha256: self.sum() };
            self.line(&Line::Check(check))?;
            self.file.flush().map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    pub fn row(&mut self, row: TableRow) -> Result<(), ArchiveError> {
        self.rows += 1;
        self.line(&Line::Row(row))
    }

    /// Ends the archive. It is on disk when this is done: events and rows that it has.
    pub fn finish(mut self) -> Result<(u64, u64), ArchiveError> {
        let end = End { events: self.events, rows: self.rows, sha256: self.sum() };
        self.line(&Line::End(end))?;
        let done = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        done.map_err(|source| self.failed(source))?;
        Ok((self.events, self.rows))
    }

    fn line(&mut self, line: &Line) -> Result<(), ArchiveError> {
        let mut text = serde_json::to_vec(line).map_err(|error| self.failed(error.into()))?;
        text.push(b'\n');
        self.sum.update(&text);
        self.file.write_all(&text).map_err(|source| self.failed(source))
    }

    fn sum(&self) -> String {
        hexed(&self.sum.clone().finalize())
    }

    fn failed(&self, source: io::Error) -> ArchiveError {
        ArchiveError::File { path: self.path.clone(), source }
    }
}
