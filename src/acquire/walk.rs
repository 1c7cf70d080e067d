//! Walk: a file becomes its records, one after another, through every layer of archive and compression.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::ops::ControlFlow;

use super::compression::{self, packing, unpack};
use super::files::{RawFile, Source};
use super::format::{self, Kind};
use super::input::Input;
use super::limits::{Budget, Taken};
use super::record::{Content, Record};
use super::{Config, Stop, delimited, jsonl, length, table, tar, warc, zip};
use crate::model::{ArticleId, Encoding, RejectReason};

/// Who gets the records; it may say that it has had enough.
pub type Each<'a> = &'a mut dyn FnMut(Record) -> ControlFlow<()>;

/// Cuts a file into its records, in their order, and hands them on one by one.
///
/// There is always at least one: a file without a record is rejected itself. However large the file,
/// no more of it is held than a record may have and a decoder needs.
pub fn records(file: RawFile, config: &Config, each: Each<'_>) {
    let RawFile { path, source } = file;
    let budget = Budget::new(config);
    let mut walk = Walk { config, budget: &budget, each, given: 0, entries: 0 };
    let mut place = Place::new(path);
    let end = match source {
        Source::Memory(bytes) => {
            budget.take(length(bytes.len()));
            place.bytes = length(bytes.len());
            walk.stream(&mut place, Input::memory(bytes), 0)
        }
        Source::Disk { file, size } => {
            place.bytes = size;
            let reader = Taken { inner: (&file).take(size), budget: &budget };
            walk.stream(&mut place, Input::disk(&file, size, reader), 0)
        }
    };
    // Nobody is left to tell when the receiver has had enough.
    let _ = walk.close(&place, 0, end);
}

/// Why a stream is not read on.
pub(super) enum Halt {
    /// What is left of it cannot be used.
    Stop(Stop),
    /// The receiver has had enough.
    Enough,
}

impl Halt {
    /// What is wrong; an empty answer where nobody wanted more.
    pub(super) fn stop(self) -> Stop {
        match self {
            Halt::Stop(stop) => stop,
            Halt::Enough => Stop::new(RejectReason::Empty, "nobody wanted more"),
        }
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Halt::Stop(stop)
    }
}

impl From<std::io::Error> for Halt {
    fn from(error: std::io::Error) -> Self {
        Halt::Stop(error.into())
    }
}

/// A stream that holds records: a file, or a file in an archive.
pub(super) struct Place {
    /// Path relative to `raw/`; inside an archive `archive.zip!/path`.
    pub(super) path: String,
    /// The name that tells the format, without `.gz` and the like.
    pub(super) name: String,
    /// The index of the next record.
    pub(super) next: u32,
    /// Size of the stream, where it is known.
    pub(super) bytes: u64,
    /// Names of files in this archive, to tell those apart that have the same.
    names: BTreeSet<u64>,
}

impl Place {
    fn new(path: String) -> Self {
        let name = path.rsplit('/').next().unwrap_or(&path);
        let name = compression::bare(name);
        Place { name, path, next: 0, bytes: 0, names: BTreeSet::new() }
    }

    /// A file in this archive; one that has the name of another gets a number.
    fn inside(&mut self, name: &str) -> Self {
        let mut path = format!("{}!/{name}", self.path);
        let mut again = 1_u32;
        while !self.names.insert(xxhash_rust::xxh3::xxh3_64(path.as_bytes())) {
            again += 1;
            path = format!("{}!/{name} ({again})", self.path);
        }
        let bare = compression::bare(name.rsplit('/').next().unwrap_or(name));
        Place { name: bare, path, next: 0, bytes: 0, names: BTreeSet::new() }
    }

    pub(super) fn id(&self, record: u32) -> ArticleId {
        ArticleId { file: self.path.clone(), record }
    }
}

/// What a file in an archive is, as far as the archive tells.
pub(super) enum Entry {
    /// Folders, and names that are not read in `raw/` either.
    Ignored,
    /// Something no record can come from.
    Refused(Stop),
    /// A file.
    File,
}

pub(super) struct Walk<'a> {
    pub(super) config: &'a Config,
    pub(super) budget: &'a Budget<'a>,
    each: Each<'a>,
    given: u64,
    entries: u32,
}

impl Walk<'_> {
    /// Hands a record on.
    pub(super) fn give(&mut self, record: Record) -> Result<(), Halt> {
        self.given += 1;
        match (self.each)(record) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Halt::Enough),
        }
    }

    /// Hands on the next record of a container, or ends it where there are too many.
    pub(super) fn give_next(
        &mut self,
        place: &mut Place,
        bytes: u64,
        content: Content,
    ) -> Result<(), Halt> {
        let most = self.config.max_records;
        if place.next >= most {
            let detail = format!("more than {most} records; the rest is not read");
            let stop = Stop::over("max_records", RejectReason::TooManyRecords, detail);
            return Err(Halt::Stop(stop));
        }
        let id = place.id(place.next);
        place.next += 1;
        self.give(Record { id, bytes, content })
    }

    /// Everything that a stream holds.
    fn stream(&mut self, place: &mut Place, input: Input<'_>, depth: u32) -> Result<(), Halt> {
        let budget = self.budget;
        let mut input = input;
        let mut depth = depth;
        while let Some(packing) = packing(input.peek(6)) {
            depth += 1;
            self.within(depth)?;
            input = unpack(input, packing, budget)?;
        }
        match format::of_bytes(input.peek(format::MAGIC), &place.name) {
            Some(kind @ (Kind::Zip | Kind::Tar)) => {
                self.within(depth + 1)?;
                if kind == Kind::Tar {
                    return tar::read(self, place, input, depth + 1);
                }
                match input.file() {
                    Some(file) => {
                        self.budget.take(input.size().unwrap_or(0));
                        zip::read(self, place, file, depth + 1)
                    }
                    None => {
                        let bytes = input.bytes(self.config.max_record_bytes)?;
                        zip::read(self, place, Cursor::new(bytes), depth + 1)
                    }
                }
            }
            Some(Kind::Warc) => warc::read(self, place, input),
            Some(Kind::Table(layout)) => {
                self.budget.take(input.file().and(input.size()).unwrap_or(0));
                table::read(self, place, input, layout)
            }
            Some(Kind::Foreign(detail)) => {
                Err(Stop::new(RejectReason::UnknownFormat, detail).into())
            }
            Some(Kind::Pdf) => self.document(place, input),
            None => self.text(place, input),
        }
    }

    /// Lines, tables of text, or one document.
    fn text(&mut self, place: &mut Place, mut input: Input<'_>) -> Result<(), Halt> {
        if input.peek(1).is_empty() && input.is_whole() {
            return Err(Stop::new(RejectReason::Empty, "the file has no bytes").into());
        }
        match format::of_text_file(input.peek(format::TEXT_HEAD), &place.name) {
            Some((format::Container::Json(layout), encoding)) => {
                jsonl::read(self, place, input, layout, encoding)
            }
            Some((format::Container::Delimited(delimiter), encoding)) => {
                delimited::read(self, place, input, delimiter, encoding)
            }
            None => self.document(place, input),
        }
    }

    /// One record that is all of the stream.
    fn document(&mut self, place: &mut Place, input: Input<'_>) -> Result<(), Halt> {
        let bytes = input.bytes(self.config.max_record_bytes)?;
        let size = if place.bytes > 0 { place.bytes } else { length(bytes.len()) };
        let content = Content::document(place.name.clone(), bytes);
        self.give(Record { id: place.id(0), bytes: size, content })
    }

    /// A file in an archive. Trouble with it is its own, unless the whole file has used up its budget.
    pub(super) fn entry(
        &mut self,
        archive: &mut Place,
        name: &str,
        entry: Entry,
        input: Input<'_>,
        depth: u32,
    ) -> Result<(), Halt> {
        let hidden = name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX");
        let entry = if hidden { Entry::Ignored } else { entry };
        let most = self.config.max_entries;
        self.entries += 1;
        if self.entries > most {
            let detail = format!("more than {most} files in archives; the rest is not read");
            return Err(Stop::over("max_entries", RejectReason::TooManyRecords, detail).into());
        }
        let before = self.given;
        let mut place = match entry {
            Entry::Ignored => return Ok(()),
            Entry::File | Entry::Refused(_) => archive.inside(name),
        };
        let end = match entry {
            Entry::Refused(stop) => Err(Halt::Stop(stop)),
            Entry::File | Entry::Ignored => self.stream(&mut place, input, depth),
        };
        if let Some(stop) = self.budget.exceeded() {
            let detail = format!("{}; the rest of the archive is not read", stop.detail);
            return Err(Stop { detail, ..stop }.into());
        }
        self.close(&place, before, end)
    }

    /// Tells how a stream ended, if something is wrong with that.
    fn close(&mut self, place: &Place, before: u64, end: Result<(), Halt>) -> Result<(), Halt> {
        let stop = match end {
            Ok(()) if self.given == before => Stop::new(RejectReason::Empty, "holds no records"),
            Ok(()) => return Ok(()),
            Err(Halt::Stop(stop)) => stop,
            Err(Halt::Enough) => return Err(Halt::Enough),
        };
        let content = Content::Rejected(stop);
        self.give(Record { id: place.id(place.next), bytes: place.bytes, content })
    }

    fn within(&self, depth: u32) -> Result<(), Stop> {
        let most = self.config.max_archive_depth;
        if depth <= most {
            return Ok(());
        }
        let detail = format!("archives and compressions more than {most} deep");
        Err(Stop::over("max_archive_depth", RejectReason::TooDeep, detail))
    }
}

/// What ZIP needs of its bytes.
pub(super) trait Seekable: Read + Seek {}

impl Seekable for &File {}
impl Seekable for Cursor<Vec<u8>> {}

/// Text in the encoding of a container as UTF-8, where its bytes cannot be cut as they stand.
pub(super) fn as_utf8<'a>(input: Input<'a>, encoding: Option<Encoding>, always: bool) -> Input<'a> {
    match encoding {
        Some(wide @ (Encoding::Utf16Le | Encoding::Utf16Be)) => super::transcode::utf8(input, wide),
        Some(other @ (Encoding::Gb18030 | Encoding::Big5)) if always => {
            super::transcode::utf8(input, other)
        }
        Some(_) | None => input,
    }
}
