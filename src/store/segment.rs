//! Segments: files that are written once, named when they are whole, and checked before they are believed.
//!
//! ```text
//! head     who made it: 8 bytes of format, 32 of build, knowledge and settings
//! sketches |
//! rows     | each piece: 8 bytes of xxh3, then the bytes
//! texts    |
//! foot     which files it holds, and how long the pieces are
//! tail     length of the foot, xxh3 of head and foot
//! ```

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::pack::{Pack, pack_struct, packed, unpacked};
use crate::acquire::Stamp;

/// Changes with the layout.
const FORMAT: [u8; 8] = *b"anjuan\x001";
const HEAD: usize = FORMAT.len() + 32;
const TAIL: usize = 16;
const SUM: usize = 8;

/// Who made a segment: a hash of build, knowledge and settings.
pub(super) type MadeBy = [u8; 32];

/// What one run got from a file, or the next part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) path: String,
    pub(super) stamp: Stamp,
    /// Whether the stamp was old enough to be believed the next time.
    pub(super) settled: bool,
    /// Hash of the content.
    pub(super) hash: [u8; 32],
    /// 0 for the first part of a file.
    pub(super) nth: u32,
    pub(super) last: bool,
    pub(super) records: Vec<Lengths>,
}

/// How long the pieces of a record are, sums included; 0 for a piece that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lengths {
    /// The digits of what the record is called in the tables.
    pub(super) key: u64,
    /// Whether it tells a case or total.
    pub(super) tells: bool,
    pub(super) sketch: u32,
    pub(super) row: u32,
    pub(super) text: u32,
}

pack_struct! {
    Part { path, stamp, settled, hash, nth, last, records }
    Lengths { key, tells, sketch, row, text }
}

/// Where the pieces of a record begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u32,
    pub(super) sketch: u32,
    pub(super) row: u32,
    pub(super) text: u32,
    pub(super) lengths: Lengths,
}

/// A part with the places of its records.
pub(super) type Placed = (Part, Vec<Place>);

/// The pieces of one record.
#[derive(Debug, Clone, Default)]
pub(super) struct Pieces {
    pub(super) key: u64,
    pub(super) tells: bool,
    pub(super) sketch: Vec<u8>,
    pub(super) row: Vec<u8>,
    pub(super) text: Vec<u8>,
}

/// A segment that is being filled, in memory.
#[derive(Debug, Default)]
pub(super) struct Filling {
    sketches: Vec<u8>,
    rows: Vec<u8>,
    texts: Vec<u8>,
    parts: Vec<Part>,
}

impl Filling {
    /// Adds the records of a part and notes their lengths in it.
    pub(super) fn add(&mut self, mut part: Part, records: Vec<Pieces>) {
        let add = |into: &mut Vec<u8>, piece: &[u8]| {
            if piece.is_empty() {
                return 0;
            }
            into.extend(xxh3_64(piece).to_le_bytes());
            into.extend(piece);
            u32::try_from(piece.len() + SUM).unwrap_or(u32::MAX)
        };
        for pieces in records {
            part.records.push(Lengths {
                key: pieces.key,
                tells: pieces.tells,
                sketch: add(&mut self.sketches, &pieces.sketch),
                row: add(&mut self.rows, &pieces.row),
                text: add(&mut self.texts, &pieces.text),
            });
        }
        self.parts.push(part);
    }

    pub(super) fn bytes(&self) -> usize {
        // The parts weigh little but are many where files are small.
        self.sketches.len() + self.rows.len() + self.texts.len() + self.parts.len() * 128
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Writes it all and waits until the disk has it.
    pub(super) fn write(&self, path: &Path, made_by: &MadeBy) -> io::Result<()> {
        let head = [FORMAT.as_slice(), made_by].concat();
        let foot = packed(&self.parts);
        let mut file = File::create(path)?;
        for bytes in [&head, &self.sketches, &self.rows, &self.texts, &foot, &tail(&head, &foot)] {
            file.write_all(bytes)?;
        }
        file.sync_all()
    }
}

fn tail(head: &[u8], foot: &[u8]) -> Vec<u8> {
    let mut sum = Xxh3::new();
    sum.update(head);
    sum.update(foot);
    let length = u64::try_from(foot.len()).unwrap_or(u64::MAX);
    [length.to_le_bytes(), sum.digest().to_le_bytes()].concat()
}

/// A segment on the disk whose head and foot are whole.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u32,
    pub(super) bytes: u64,
    /// How many of them are pieces of records.
    pub(super) pieces: u64,
    file: File,
}

/// Why a segment is of no use.
#[derive(Debug)]
pub(super) enum Useless {
    /// Of another build, with other knowledge or settings.
    Foreign(Vec<Part>),
    /// Not as it was written.
    Damaged,
}

impl Segment {
    /// Opens a segment and gives what it holds.
    pub(super) fn open(
        path: &Path,
        number: u32,
        made_by: &MadeBy,
    ) -> io::Result<Result<(Segment, Vec<Placed>), Useless>> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut segment = Segment { number, bytes, pieces: 0, file };
        let Some(head) = segment.read_at(0, HEAD)? else { return Ok(Err(Useless::Damaged)) };
        let Some(foot) = segment.foot(&head)? else { return Ok(Err(Useless::Damaged)) };
        let made_by_whom = head.strip_prefix(&FORMAT);
        let parts = made_by_whom.and_then(|_| unpacked::<Vec<Part>>(&foot));
        let Some(parts) = parts else { return Ok(Err(Useless::Damaged)) };
        if made_by_whom != Some(made_by.as_slice()) {
            return Ok(Err(Useless::Foreign(parts)));
        }
        let end = bytes.saturating_sub((foot.len() + TAIL) as u64);
        segment.pieces = end.saturating_sub(HEAD as u64);
        Ok(match places(number, parts) {
            Some((parts, found)) if u64::from(found) == end => Ok((segment, parts)),
            Some(_) | None => Err(Useless::Damaged),
        })
    }

    /// The foot, if head, foot and tail agree.
    fn foot(&self, head: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let Some(at) = self.bytes.checked_sub(TAIL as u64) else { return Ok(None) };
        let Some(found) = self.read_at(at, TAIL)? else { return Ok(None) };
        let length = found.first_chunk::<8>().map(|length| u64::from_le_bytes(*length));
        let Some(start) = length.and_then(|length| at.checked_sub(length)) else { return Ok(None) };
        let Ok(length) = usize::try_from(at - start) else { return Ok(None) };
        let foot = self.read_at(start, length)?;
        Ok(foot.filter(|foot| tail(head, foot) == found))
    }

    /// A piece, if it is as it was written.
    pub(super) fn piece(&self, start: u32, length: u32) -> io::Result<Option<Vec<u8>>> {
        let Ok(length) = usize::try_from(length) else { return Ok(None) };
        let Some(mut bytes) = self.read_at(u64::from(start), length)? else { return Ok(None) };
        let piece = bytes.split_off(SUM.min(bytes.len()));
        Ok((bytes == xxh3_64(&piece).to_le_bytes()).then_some(piece))
    }

    /// These bytes; `None` if the file ends before.
    #[cfg(unix)]
    fn read_at(&self, start: u64, length: usize) -> io::Result<Option<Vec<u8>>> {
        use std::os::unix::fs::FileExt as _;
        if self.bytes.saturating_sub(start) < length as u64 {
            return Ok(None);
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start).map(|()| Some(bytes))
    }

    /// These bytes; `None` if the file ends before.
    #[cfg(windows)]
    fn read_at(&self, start: u64, length: usize) -> io::Result<Option<Vec<u8>>> {
        use std::os::windows::fs::FileExt as _;
        if self.bytes.saturating_sub(start) < length as u64 {
            return Ok(None);
        }
        let mut bytes = vec![0; length];
        let mut read = 0;
        while read < length {
            let rest = bytes.get_mut(read..).unwrap_or_default();
            match self.file.seek_read(rest, start + read as u64)? {
                0 => return Ok(None),
                n => read += n,
            }
        }
        Ok(Some(bytes))
    }
}

/// The parts with the places of their records, and where the pieces end; `None` if they cannot be so long.
fn places(segment: u32, parts: Vec<Part>) -> Option<(Vec<Placed>, u32)> {
    let records = || parts.iter().flat_map(|part| &part.records);
    let sum = |start: u32, length: fn(&Lengths) -> u32| {
        records().try_fold(start, |sum, lengths| sum.checked_add(length(lengths)))
    };
    let mut sketch = u32::try_from(HEAD).ok()?;
    let mut row = sum(sketch, |lengths| lengths.sketch)?;
    let mut text = sum(row, |lengths| lengths.row)?;
    let end = sum(text, |lengths| lengths.text)?;
    let placed = parts
        .iter()
        .map(|part| {
            let place = |lengths: &Lengths| {
                let place = Place { segment, sketch, row, text, lengths: *lengths };
                sketch += lengths.sketch;
                row += lengths.row;
                text += lengths.text;
                place
            };
            part.records.iter().map(place).collect::<Vec<_>>()
        })
        .collect::<Vec<_>>();
    Some((parts.into_iter().zip(placed).collect(), end))
}
