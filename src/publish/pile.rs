//! Sort: rows of a table in any order in, in the order of their keys out, with little of them in memory.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::column::{Cell, Kind, Row, cells};
use super::disk::Disk;
use super::error::Error;
use super::parquet::DICTIONARY;
use super::schema::{Table, table};

/// The rows of one table, as far as they have come.
pub(super) struct Pile {
    pub(super) table: Table,
    pub(super) texts: Texts,
    /// Places of the key columns.
    key: Vec<usize>,
    /// Keys and cells of the rows that are in memory, one row after the other.
    bytes: Vec<u8>,
    /// Where each of them begins, and how long key and cells are.
    rows: Vec<(usize, u32, u32)>,
    /// Sorted rows on the disk.
    runs: Vec<File>,
}

/// How many rows may wait in memory, and where the others go.
pub(super) struct Room<'a> {
    pub(super) bytes: usize,
    pub(super) scratch: &'a Path,
    pub(super) disk: &'a mut dyn Disk,
}

/// Key and cells of a row.
pub(super) type Keyed = (Vec<u8>, Vec<u8>);

/// At most so many runs are read at once; more are first merged into fewer.
const RUNS: usize = 128;

impl Pile {
    pub(super) fn of<R: Row>() -> Self {
        let table = table::<R>();
        let place = |name: &&str| table.columns.iter().position(|column| column.name == *name);
        let key = table.key.iter().filter_map(place).collect();
        let texts = Texts::new(&table);
        Pile { table, texts, key, bytes: Vec::new(), rows: Vec::new(), runs: Vec::new() }
    }

    /// Adds a row; many rows in memory are sorted and put on the disk.
    pub(super) fn add<R: Row>(&mut self, row: &R, room: &mut Room<'_>) -> Result<(), Error> {
        let cells = cells(row);
        self.texts.note(&cells);
        let start = self.bytes.len();
        self.key
            .iter()
            .filter_map(|&i| cells.get(i))
            .for_each(|cell| key_of(*cell, &mut self.bytes));
        let middle = self.bytes.len();
        cells.iter().for_each(|cell| pack(*cell, &mut self.bytes));
        let length = |from: usize, to: usize| u32::try_from(to - from).unwrap_or(u32::MAX);
        self.rows.push((start, length(start, middle), length(middle, self.bytes.len())));
        if self.bytes.len() + self.rows.len() * 16 < room.bytes {
            return Ok(());
        }
        self.spill(room)
    }

    fn spill(&mut self, room: &mut Room<'_>) -> Result<(), Error> {
        self.sort();
        let rows = self.rows.iter().filter_map(|&(start, key, cells)| {
            let end = start + key as usize + cells as usize;
            Some((key, cells, self.bytes.get(start..end)?))
        });
        let run = write_run(self.table.name, self.runs.len(), room, |into| {
            for (key, cells, bytes) in rows {
                into.write_all(&key.to_le_bytes())?;
                into.write_all(&cells.to_le_bytes())?;
                into.write_all(bytes)?;
            }
            Ok(())
        })?;
        self.runs.push(run);
        self.bytes.clear();
        self.rows.clear();
        Ok(())
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        let key = |&(start, key, _): &(usize, u32, u32)| bytes.get(start..start + key as usize);
        // Rows of one key, which the checks will refuse, are at least in one order.
        let row = |&(start, key, cells): &(usize, u32, u32)| {
            bytes.get(start..start + key as usize + cells as usize)
        };
        self.rows.sort_unstable_by(|a, b| key(a).cmp(&key(b)).then_with(|| row(a).cmp(&row(b))));
    }

    /// The rows in the order of their keys.
    pub(super) fn sorted(mut self, room: &mut Room<'_>) -> Result<(Table, Texts, Sorted), Error> {
        let mut name = self.runs.len();
        while RUNS < self.runs.len() {
            let mut first = merge(self.runs.drain(..RUNS).collect(), room)?;
            let run = write_run(self.table.name, name, room, |into| {
                while let Some((key, cells)) = first.next()? {
                    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                    into.write_all(&length(&key).to_le_bytes())?;
                    into.write_all(&length(&cells).to_le_bytes())?;
                    into.write_all(&key)?;
                    into.write_all(&cells)?;
                }
                Ok(())
            })?;
            name += 1;
            self.runs.push(run);
        }
        if !self.runs.is_empty() && !self.rows.is_empty() {
            self.spill(room)?;
        }
        self.sort();
        let Pile { table, texts, bytes, rows, runs, .. } = self;
        let sorted = if runs.is_empty() {
            Sorted::InMemory { bytes, rows: rows.into_iter() }
        } else {
            merge(runs, room)?
        };
        Ok((table, texts, sorted))
    }
}

fn write_run(
    table: &str,
    number: usize,
    room: &mut Room<'_>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<File, Error> {
    let path = room.scratch.join(format!("{table}-{number}"));
    let attempt = || -> io::Result<File> {
        let mut file = io::BufWriter::with_capacity(1 << 16, room.disk.create(&path)?);
        write(&mut file)?;
        file.flush()?;
        drop(file);
        let file = room.disk.open(&path)?;
        // An open file needs no name; without one it goes with the process, however that ends.
        if cfg!(unix) {
            room.disk.remove_file(&path)?;
        }
        Ok(file)
    };
    attempt().map_err(|error| Error::write(&path, error))
}

fn merge(runs: Vec<File>, room: &Room<'_>) -> Result<Sorted, Error> {
    let mut heap = BinaryHeap::new();
    let mut readers: Vec<_> =
        runs.into_iter().map(|run| BufReader::with_capacity(1 << 16, run)).collect();
    for (i, reader) in readers.iter_mut().enumerate() {
        let next = next_of(reader).map_err(|error| Error::read(room.scratch, error))?;
        heap.extend(next.map(|(key, cells)| Reverse((key, cells, i))));
    }
    Ok(Sorted::OnDisk { readers, heap })
}

fn next_of(reader: &mut BufReader<File>) -> io::Result<Option<Keyed>> {
    let mut length = [0; 4];
    if reader.read(length.get_mut(..1).unwrap_or_default())? == 0 {
        return Ok(None);
    }
    reader.read_exact(length.get_mut(1..).unwrap_or_default())?;
    let mut key = vec![0; u32::from_le_bytes(length) as usize];
    reader.read_exact(&mut length)?;
    let mut cells = vec![0; u32::from_le_bytes(length) as usize];
    reader.read_exact(&mut key)?;
    reader.read_exact(&mut cells)?;
    Ok(Some((key, cells)))
}

/// Key and cells of the next row of each run, the least first, and the number of the run.
type Heads = BinaryHeap<Reverse<(Vec<u8>, Vec<u8>, usize)>>;

/// Rows in the order of their keys.
pub(super) enum Sorted {
    InMemory { bytes: Vec<u8>, rows: std::vec::IntoIter<(usize, u32, u32)> },
    OnDisk { readers: Vec<BufReader<File>>, heap: Heads },
}

impl Sorted {
    /// Key and cells of the next row.
    pub(super) fn next(&mut self) -> io::Result<Option<Keyed>> {
        match self {
            Sorted::InMemory { bytes, rows } => Ok(rows.next().and_then(|(start, key, cells)| {
                let middle = start + key as usize;
                let key = bytes.get(start..middle)?.to_vec();
                Some((key, bytes.get(middle..middle + cells as usize)?.to_vec()))
            })),
            Sorted::OnDisk { readers, heap } => {
                let Some(Reverse((key, cells, i))) = heap.pop() else { return Ok(None) };
                if let Some(reader) = readers.get_mut(i)
                    && let Some((key, cells)) = next_of(reader)?
                {
                    heap.push(Reverse((key, cells, i)));
                }
                Ok(Some((key, cells)))
            }
        }
    }
}

/// Bytes that sort as the cell does; null comes first.
pub(super) fn key_of(cell: Cell<'_>, into: &mut Vec<u8>) {
    if cell == Cell::Null {
        return into.push(0);
    }
    into.push(1);
    match cell {
        Cell::Null => {}
        Cell::Str(text) => {
            for byte in text.bytes() {
                into.push(byte);
                // The end must sort before any byte.
                if byte == 0 {
                    into.push(1);
                }
            }
            into.extend([0, 0]);
        }
        Cell::I64(number) => into.extend((number.cast_unsigned() ^ (1 << 63)).to_be_bytes()),
        Cell::Date(days) => {
            into.extend((i64::from(days).cast_unsigned() ^ (1 << 63)).to_be_bytes());
        }
        Cell::F64(number) => into.extend(number.to_bits().to_be_bytes()),
        Cell::Bool(value) => into.push(u8::from(value)),
    }
}

fn pack(cell: Cell<'_>, into: &mut Vec<u8>) {
    match cell {
        Cell::Null => into.push(0),
        Cell::Str(text) => {
            into.push(1);
            into.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            into.extend(text.as_bytes());
        }
        Cell::I64(number) => {
            into.push(2);
            into.extend(number.to_le_bytes());
        }
        Cell::F64(number) => {
            into.push(3);
            into.extend(number.to_le_bytes());
        }
        Cell::Bool(value) => into.extend([4, u8::from(value)]),
        Cell::Date(days) => {
            into.push(5);
            into.extend(days.to_le_bytes());
        }
    }
}

/// The cells of a row that [`pack`] wrote; `None` if the bytes are not those.
pub(super) fn unpack(mut bytes: &[u8]) -> Option<Vec<Cell<'_>>> {
    let mut cells = Vec::new();
    while let Some((tag, rest)) = bytes.split_first() {
        let (cell, rest) = match tag {
            0 => (Cell::Null, rest),
            1 => {
                let (length, rest) = rest.split_first_chunk()?;
                let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
                (Cell::Str(std::str::from_utf8(text).ok()?), rest)
            }
            2 => {
                let (number, rest) = rest.split_first_chunk()?;
                (Cell::I64(i64::from_le_bytes(*number)), rest)
            }
            3 => {
                let (number, rest) = rest.split_first_chunk()?;
                (Cell::F64(f64::from_le_bytes(*number)), rest)
            }
            4 => {
                let (value, rest) = rest.split_first()?;
                (Cell::Bool(*value != 0), rest)
            }
            5 => {
                let (days, rest) = rest.split_first_chunk()?;
                (Cell::Date(i32::from_le_bytes(*days)), rest)
            }
            _ => return None,
        };
        cells.push(cell);
        bytes = rest;
    }
    Some(cells)
}

/// For each column of text, whether its distinct texts are few enough for a dictionary.
pub(super) struct Texts {
    columns: Vec<Option<(HashSet<u64>, usize)>>,
    is_text: Vec<bool>,
}

impl Texts {
    fn new(table: &Table) -> Self {
        let text = |kind: &Kind| matches!(kind, Kind::Str | Kind::Enum(_));
        let is_text: Vec<bool> = table.columns.iter().map(|column| text(&column.kind)).collect();
        let columns = is_text.iter().map(|is| is.then(Default::default)).collect();
        Texts { columns, is_text }
    }

    /// Counts the texts of a row.
    pub(super) fn note(&mut self, cells: &[Cell<'_>]) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            let (Some((seen, bytes)), Cell::Str(text)) = (column.as_mut(), cell) else { continue };
            if seen.insert(xxh3_64(text.as_bytes())) {
                // A dictionary page has four bytes of length before each text.
                *bytes += text.len() + 4;
                if DICTIONARY < *bytes {
                    *column = None;
                }
            }
        }
    }

    /// A column that is not noted and has too many.
    pub(super) fn overflow(&mut self, table: &Table, name: &str) {
        for (column, texts) in table.columns.iter().zip(&mut self.columns) {
            if column.name == name {
                *texts = None;
            }
        }
    }

    /// The columns that have too many.
    pub(super) fn overflows(&self) -> impl Iterator<Item = bool> {
        self.columns.iter().zip(&self.is_text).map(|(column, is_text)| *is_text && column.is_none())
    }
}
