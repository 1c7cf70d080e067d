//! Keep: what each record gave, under `out/`, so that a run reads only what is new.
//!
//! The store is a cache. What it says was checked when it was read; what is damaged, or of another build,
//! knowledge or settings, is as if it were not there, and its files are read again.

mod pack;
mod segment;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use self::pack::{Pack, pack_struct, packed, unpacked};
use self::segment::{Filling, Lengths, MadeBy, Part, Pieces, Place, Segment, Useless};
use crate::acquire::Stamp;
use crate::assemble::Told;
use crate::dedupe::Sketch;
use crate::model::{Article, ArticleId, Reject};

/// Pieces wait in memory until there are so many bytes of them.
const SEGMENT: usize = 32 << 20;
/// Smaller segments are put together once there are more than [`MANY`].
const SMALL: u64 = 8 << 20;
const MANY: usize = 16;
/// File systems keep times in steps of up to two seconds: within them a file can change unnoticed.
const STEP: i64 = 2_000_000_000;

/// What one record gave.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// An article, and what it tells.
    Article(Box<Kept>),
    /// The reason why not.
    Reject(Reject),
}

/// An article without its text, and what it tells.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The article; its body is empty here, and read on demand.
    pub article: Article,
    /// Characters of the body.
    pub chars: u64,
    /// What it tells.
    pub told: Told,
    /// For each case where its passage stands in the source, in bytes.
    pub sources: Vec<Range<usize>>,
}

pack_struct! {
    Kept { article, chars, told, sources }
}

impl Pack for Outcome {
    fn pack(&self, into: &mut Vec<u8>) {
        match self {
            Outcome::Article(kept) => {
                into.push(0);
                kept.pack(into);
            }
            Outcome::Reject(reject) => {
                into.push(1);
                reject.pack(into);
            }
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        if bool::unpack(from)? {
            Reject::unpack(from).map(Outcome::Reject)
        } else {
            Kept::unpack(from).map(|kept| Outcome::Article(Box::new(kept)))
        }
    }
}

/// The pieces of one record, ready to be kept.
#[derive(Debug, Clone)]
pub struct Record(Pieces);

impl Record {
    /// An article with its sketch and what it tells.
    pub fn article(mut article: Article, sketch: &Sketch, told: Told) -> Self {
        let cases = &told.extracted.cases;
        let sources = cases.iter().map(|case| article.body.to_source(case.span.clone())).collect();
        let body = std::mem::take(&mut article.body);
        let text = body.text();
        let chars = text.chars().count() as u64;
        let Told { extracted, .. } = &told;
        let tells = !extracted.cases.is_empty() || !extracted.statistics.is_empty();
        let key = article.id.digits();
        let kept = Kept { article, chars, told, sources };
        Record(Pieces {
            key,
            tells,
            sketch: sketch.encode(),
            row: packed(&Outcome::Article(Box::new(kept))),
            text: squeezed(text),
        })
    }

    /// A record that gave no article.
    pub fn reject(reject: Reject) -> Self {
        let key = reject.id.digits();
        let row = packed(&Outcome::Reject(reject));
        Record(Pieces { key, row, ..Pieces::default() })
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        self.0.sketch.len() + self.0.row.len() + self.0.text.len() + 128
    }
}

/// A text made smaller. The fastest level: it is read back once or twice.
fn squeezed(text: &str) -> Vec<u8> {
    // Compressing to memory does not fail; should it ever, the empty piece is damage, and is noticed.
    zstd::bulk::compress(text.as_bytes(), 1).unwrap_or_default()
}

fn unsqueezed(bytes: &[u8]) -> Option<String> {
    String::from_utf8(zstd::stream::decode_all(bytes).ok()?).ok()
}

/// A file whose records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its stamp when it was read.
    pub stamp: Stamp,
    /// Whether an equal stamp means an unchanged file.
    pub settled: bool,
    /// Hash of its content.
    pub hash: [u8; 32],
    parts: u32,
    whole: bool,
    places: Vec<Place>,
}

impl Known {
    /// How many records it gave.
    pub fn records(&self) -> usize {
        self.places.len()
    }
}

/// Why the store cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk does not take it.
    #[error("cannot write {}", .path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why it could not be.
        source: io::Error,
    },
    /// The disk does not give it.
    #[error("cannot read {}", .path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// Why it could not be.
        source: io::Error,
    },
    /// A segment that is not as it was written. Without it the run can begin again.
    #[error("segment {0} is damaged")]
    Damaged(u32),
}

/// What is kept in a folder.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    made_by: MadeBy,
    segments: BTreeMap<u32, Segment>,
    files: BTreeMap<Box<str>, Known>,
    /// Files that a run with another build, knowledge or settings read.
    former: BTreeSet<Box<str>>,
    /// Segments, and the beginnings of some, that nothing can be read from.
    useless: Vec<PathBuf>,
    next: u32,
}

impl Store {
    /// Opens what is there. Nothing is written, not even the folder.
    pub fn open(folder: &Path, made_by: MadeBy) -> Result<Store, Error> {
        let mut store = Store {
            folder: folder.to_owned(),
            made_by,
            segments: BTreeMap::new(),
            files: BTreeMap::new(),
            former: BTreeSet::new(),
            useless: Vec::new(),
            next: 0,
        };
        let reading = |source| Error::Read { path: folder.to_owned(), source };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(store),
            Err(error) => return Err(reading(error)),
        };
        let mut numbers = BTreeSet::new();
        for entry in entries {
            let path = entry.map_err(reading)?.path();
            match number_of(&path) {
                Some(number) => {
                    numbers.insert(number);
                }
                None => store.useless.push(path),
            }
        }
        for number in numbers {
            store.next = store.next.max(number.saturating_add(1));
            store.load(number)?;
        }
        store.files.retain(|_, known| known.whole);
        Ok(store)
    }

    /// A store in `folder` that knows nothing, whatever is there.
    pub fn anew(folder: &Path, made_by: MadeBy) -> Result<Store, Error> {
        let mut store = Store::open(folder, made_by)?;
        let numbers: Vec<u32> = store.segments.keys().copied().collect();
        store.useless.extend(numbers.into_iter().map(|number| folder.join(name_of(number))));
        store.segments.clear();
        store.files.clear();
        Ok(store)
    }

    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(name_of(number))
    }

    /// Takes a segment in. Later ones know better.
    fn load(&mut self, number: u32) -> Result<(), Error> {
        let path = self.path(number);
        match Segment::open(&path, number, &self.made_by) {
            Ok(Ok((segment, parts))) => {
                self.segments.insert(number, segment);
                for (part, places) in parts {
                    self.learn(part, places);
                }
            }
            Ok(Err(useless)) => {
                if let Useless::Foreign(parts) = useless {
                    self.former.extend(parts.into_iter().map(|part| part.path.into_boxed_str()));
                }
                self.useless.push(path);
            }
            Err(source) => return Err(Error::Read { path, source }),
        }
        Ok(())
    }

    /// Takes a part of a file in; the parts of a file follow each other.
    fn learn(&mut self, part: Part, places: Vec<Place>) {
        let Part { path, stamp, settled, hash, nth, last, .. } = part;
        let path = path.into_boxed_str();
        if nth == 0 {
            self.files.insert(path, Known { stamp, settled, hash, parts: 1, whole: last, places });
            return;
        }
        let before =
            |known: &&mut Known| (known.hash, known.parts, known.whole) == (hash, nth, false);
        match self.files.get_mut(&path).filter(before) {
            Some(known) => {
                known.places.extend(places);
                known.parts += 1;
                known.settled &= settled;
                known.whole = last;
            }
            None => drop(self.files.remove(&path)),
        }
    }

    /// What is kept of a file.
    pub fn find(&self, path: &str) -> Option<&Known> {
        self.files.get(path)
    }

    /// The files of which something is kept, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(|path| &**path)
    }

    /// The files that were read with another build, knowledge or settings, and are to be read again.
    pub fn former(&self) -> &BTreeSet<Box<str>> {
        &self.former
    }

    /// Begins to take results in. First removes what is of no use, so that it takes no space meanwhile.
    pub fn filler(&self) -> Result<Filler<'_>, Error> {
        let writing = |source| Error::Write { path: self.folder.clone(), source };
        make_private(&self.folder).map_err(writing)?;
        for path in &self.useless {
            remove(path)?;
        }
        let now = now_of(&self.folder).map_err(writing)?;
        let state =
            Mutex::new(State { filling: Filling::default(), next: self.next, sealed: Vec::new() });
        Ok(Filler { store: self, now, state })
    }

    /// Takes in what a filler wrote.
    pub fn take(&mut self, filled: Filled) -> Result<(), Error> {
        self.useless.clear();
        for number in filled.0 {
            self.next = self.next.max(number.saturating_add(1));
            self.load(number)?;
        }
        self.files.retain(|_, known| known.whole);
        Ok(())
    }

    /// The records of these files, in this order.
    pub fn records<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Records<'_> {
        let known = paths.filter_map(|path| self.files.get(path));
        Records { store: self, places: known.flat_map(|known| &known.places).copied().collect() }
    }

    /// Removes a segment that is damaged; its files are read again.
    pub fn drop_segment(folder: &Path, number: u32) -> Result<(), Error> {
        remove(&folder.join(name_of(number)))
    }

    /// Puts small segments together, and takes those up that hold mostly what is out of date. Files that are
    /// not among `live` are forgotten with them.
    pub fn compact(&mut self, live: &BTreeSet<&str>) -> Result<(), Error> {
        let mut used: BTreeMap<u32, u64> = BTreeMap::new();
        for (path, known) in &self.files {
            for place in known.places.iter().filter(|_| live.contains(&**path)) {
                let Lengths { sketch, row, text, .. } = place.lengths;
                *used.entry(place.segment).or_default() +=
                    u64::from(sketch) + u64::from(row) + u64::from(text);
            }
        }
        let small = |segment: &&Segment| segment.bytes < SMALL;
        let many = MANY < self.segments.values().filter(small).count();
        let chosen: BTreeSet<u32> = self
            .segments
            .values()
            .filter(|segment| {
                let used = used.get(&segment.number).copied().unwrap_or(0);
                used * 2 < segment.pieces || (many && segment.bytes < SMALL)
            })
            .map(|segment| segment.number)
            .collect();
        if chosen.is_empty() {
            return Ok(());
        }
        let filler = self.filler()?;
        for (path, known) in &self.files {
            let moves = known.places.iter().any(|place| chosen.contains(&place.segment));
            if moves && live.contains(&**path) {
                filler.copy(path, known)?;
            }
        }
        let filled = filler.finish()?;
        self.take(filled)?;
        for number in chosen {
            self.segments.remove(&number);
            remove(&self.path(number))?;
        }
        Ok(())
    }

    fn write(&self, filling: &Filling, number: u32) -> Result<(), Error> {
        let (path, new) = (self.path(number), self.folder.join(format!("{number:08}.new")));
        let written = filling.write(&new, &self.made_by).and_then(|()| fs::rename(&new, &path));
        written.map_err(|source| {
            // Gives the space back; if that fails too, the next run does it.
            let _ = fs::remove_file(&new);
            Error::Write { path, source }
        })
    }

    fn piece(&self, segment: u32, start: u32, length: u32) -> Result<Vec<u8>, Error> {
        let damaged = || Error::Damaged(segment);
        let opened = self.segments.get(&segment).ok_or_else(damaged)?;
        let piece = opened.piece(start, length);
        let reading = |source| Error::Read { path: self.path(segment), source };
        piece.map_err(reading)?.ok_or_else(damaged)
    }
}

/// Makes a folder that only its owner can enter: what it holds is not masked.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

fn name_of(number: u32) -> String {
    format!("{number:08}.segment")
}

fn number_of(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    let number = name.strip_suffix(".segment")?.parse().ok()?;
    (name == name_of(number)).then_some(number)
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(Error::Write { path: path.to_owned(), source })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The time as the file system tells it, so that it can be compared with the times of files.
fn now_of(folder: &Path) -> io::Result<i64> {
    let path = folder.join("now");
    let now = Stamp::of(&File::create(&path)?.metadata()?);
    fs::remove_file(&path)?;
    Ok(now.modified)
}

/// Takes in the results of a run, from several threads, and writes them segment by segment.
#[derive(Debug)]
pub struct Filler<'a> {
    store: &'a Store,
    now: i64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    filling: Filling,
    next: u32,
    sealed: Vec<u32>,
}

/// The segments that a filler wrote.
#[derive(Debug)]
pub struct Filled(Vec<u32>);

/// A file whose results are taken in, part by part.
#[derive(Debug)]
pub struct Parts<'a> {
    filler: &'a Filler<'a>,
    path: &'a str,
    stamp: Stamp,
    settled: bool,
    hash: [u8; 32],
    nth: u32,
}

impl Filler<'_> {
    /// Begins with a file. `lasting` is false where the next run should look again, whatever the stamp.
    pub fn file<'a>(
        &'a self,
        path: &'a str,
        stamp: Stamp,
        hash: [u8; 32],
        lasting: bool,
    ) -> Parts<'a> {
        let settled = lasting && stamp.modified.max(stamp.changed).saturating_add(STEP) < self.now;
        Parts { filler: self, path, stamp, settled, hash, nth: 0 }
    }

    /// Takes over a file from an older segment as it is.
    fn copy(&self, path: &str, known: &Known) -> Result<(), Error> {
        let Known { stamp, settled, hash, .. } = *known;
        self.move_to(Parts { filler: self, path, stamp, settled, hash, nth: 0 }, known)
    }

    /// Takes over a file whose content is the same under another stamp.
    pub fn keep(&self, path: &str, stamp: Stamp, known: &Known) -> Result<(), Error> {
        self.move_to(self.file(path, stamp, known.hash, true), known)
    }

    fn move_to(&self, mut parts: Parts<'_>, known: &Known) -> Result<(), Error> {
        let mut records = Vec::new();
        let mut bytes = 0;
        for place in &known.places {
            let Place { segment, sketch, row, text, lengths } = *place;
            let piece = |start, length| match length {
                0 => Ok(Vec::new()),
                length => self.store.piece(segment, start, length),
            };
            let record = Record(Pieces {
                key: lengths.key,
                tells: lengths.tells,
                sketch: piece(sketch, lengths.sketch)?,
                row: piece(row, lengths.row)?,
                text: piece(text, lengths.text)?,
            });
            bytes += record.bytes();
            records.push(record);
            if SEGMENT / 4 < bytes {
                parts.add(std::mem::take(&mut records), false)?;
                bytes = 0;
            }
        }
        parts.add(records, true)
    }

    /// Writes what is left, and waits until the disk has all of it.
    pub fn finish(self) -> Result<Filled, Error> {
        let Filler { store, state, .. } = self;
        let State { filling, next, mut sealed } =
            state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !filling.is_empty() {
            store.write(&filling, next)?;
            sealed.push(next);
        }
        if cfg!(unix) {
            let synced = File::open(&store.folder).and_then(|folder| folder.sync_all());
            synced.map_err(|source| Error::Write { path: store.folder.clone(), source })?;
        }
        sealed.sort_unstable();
        Ok(Filled(sealed))
    }
}

impl Parts<'_> {
    /// The next run should look at the file again, whatever its stamp.
    pub fn unsettle(&mut self) {
        self.settled = false;
    }

    /// Adds the next records of the file.
    pub fn add(&mut self, records: Vec<Record>, last: bool) -> Result<(), Error> {
        let part = Part {
            path: self.path.to_owned(),
            stamp: self.stamp,
            settled: self.settled,
            hash: self.hash,
            nth: self.nth,
            last,
            records: Vec::new(),
        };
        self.nth += 1;
        let full = {
            let mut state = self.filler.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.filling.add(part, records.into_iter().map(|record| record.0).collect());
            (SEGMENT <= state.filling.bytes()).then(|| {
                let number = state.next;
                state.next += 1;
                state.sealed.push(number);
                (std::mem::take(&mut state.filling), number)
            })
        };
        full.map_or(Ok(()), |(filling, number)| self.filler.store.write(&filling, number))
    }
}

/// Records by their number.
#[derive(Debug)]
pub struct Records<'a> {
    store: &'a Store,
    places: Vec<Place>,
}

impl Records<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn read<T>(
        &self,
        i: usize,
        piece: impl Fn(&Place) -> (u32, u32),
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<T, Error> {
        let place = self.places.get(i).ok_or(Error::Damaged(u32::MAX))?;
        let (start, length) = piece(place);
        let bytes = self.store.piece(place.segment, start, length)?;
        read(&bytes).ok_or(Error::Damaged(place.segment))
    }

    /// The error that a record does not read as what it was.
    pub fn damaged(&self, i: usize) -> Error {
        Error::Damaged(self.places.get(i).map_or(u32::MAX, |place| place.segment))
    }

    /// What an article is called in the tables.
    pub fn key(&self, i: usize) -> String {
        ArticleId::named(self.digits(i))
    }

    /// The digits of that name: articles sort by them.
    pub fn digits(&self, i: usize) -> u64 {
        self.places.get(i).map_or(0, |place| place.lengths.key)
    }

    /// Whether the record gave an article.
    pub fn is_article(&self, i: usize) -> bool {
        self.places.get(i).is_some_and(|place| 0 < place.lengths.sketch)
    }

    /// Whether the article tells a case or a total.
    pub fn tells(&self, i: usize) -> bool {
        self.places.get(i).is_some_and(|place| place.lengths.tells)
    }

    /// What the record gave.
    pub fn outcome(&self, i: usize) -> Result<Outcome, Error> {
        self.read(i, |place| (place.row, place.lengths.row), unpacked)
    }

    /// The sketch of an article.
    pub fn sketch(&self, i: usize) -> Result<Sketch, Error> {
        self.read(i, |place| (place.sketch, place.lengths.sketch), Sketch::decode)
    }

    /// The body of an article.
    pub fn text(&self, i: usize) -> Result<String, Error> {
        self.read(i, |place| (place.text, place.lengths.text), unsqueezed)
    }
}
