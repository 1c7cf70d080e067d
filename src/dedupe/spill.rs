//! Spill: numbers and rows that may be more than memory holds, put down in scratch files.

use std::io;

use super::scratch::Scratch;

/// A number that is sorted.
pub(super) trait Record: Copy + Ord {
    /// How many bytes it takes.
    const SIZE: usize;
    /// Adds its bytes.
    fn put(self, bytes: &mut Vec<u8>);
    /// Reads it back; 0 where bytes are missing.
    fn get(bytes: &[u8]) -> Self;
}

impl Record for u64 {
    const SIZE: usize = 8;

    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }

    fn get(bytes: &[u8]) -> Self {
        bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

impl Record for u128 {
    const SIZE: usize = 16;

    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }

    fn get(bytes: &[u8]) -> Self {
        bytes.first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes))
    }
}

/// Into how many parts numbers are put.
pub(super) const PARTS: usize = 256;

/// Numbers put into parts in any order; each part comes back sorted.
///
/// What goes beyond the room is put down, part by part, in one scratch file.
#[derive(Debug)]
pub(super) struct Parted<T> {
    file: &'static str,
    parts: Vec<Part<T>>,
    /// How many numbers may be held, and how many are.
    room: usize,
    held: usize,
    /// Bytes put down so far.
    written: u64,
}

#[derive(Debug, Clone)]
struct Part<T> {
    held: Vec<T>,
    /// Where its numbers were put down, and how many at each place.
    places: Vec<(u64, usize)>,
}

impl<T: Record> Parted<T> {
    /// Holds about `room` bytes.
    pub(super) fn new(file: &'static str, room: usize) -> Self {
        let part = Part { held: Vec::new(), places: Vec::new() };
        // A growing part takes up to twice its size.
        let room = (room / T::SIZE / 2).max(PARTS);
        Parted { file, parts: vec![part; PARTS], room, held: 0, written: 0 }
    }

    pub(super) fn push(&mut self, part: usize, number: T, scratch: &dyn Scratch) -> io::Result<()> {
        if let Some(part) = self.parts.get_mut(part) {
            part.held.push(number);
            self.held += 1;
        }
        if self.held < self.room { Ok(()) } else { self.put_down(scratch) }
    }

    fn put_down(&mut self, scratch: &dyn Scratch) -> io::Result<()> {
        let mut bytes = Vec::new();
        for part in self.parts.iter_mut().filter(|part| !part.held.is_empty()) {
            bytes.clear();
            for number in std::mem::take(&mut part.held) {
                number.put(&mut bytes);
            }
            scratch.append(self.file, &bytes)?;
            part.places.push((self.written, bytes.len()));
            self.written += bytes.len() as u64;
        }
        self.held = 0;
        Ok(())
    }

    /// The numbers of a part, ascending.
    pub(super) fn sorted(&self, part: usize, scratch: &dyn Scratch) -> io::Result<Vec<T>> {
        let Some(part) = self.parts.get(part) else { return Ok(Vec::new()) };
        let mut numbers = part.held.clone();
        let mut bytes = Vec::new();
        for &(offset, len) in &part.places {
            bytes.resize(len, 0);
            scratch.read(self.file, offset, &mut bytes)?;
            numbers.extend(bytes.chunks_exact(T::SIZE).map(T::get));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Forgets a part that is in memory.
    pub(super) fn drop_part(&mut self, part: usize) {
        if let Some(part) = self.parts.get_mut(part) {
            self.held -= part.held.len();
            part.held = Vec::new();
        }
    }

    /// Forgets all of them.
    pub(super) fn end(self, scratch: &dyn Scratch) -> io::Result<()> {
        scratch.remove(self.file)
    }
}

/// Rows of `N` bytes, added at the end and read by number.
#[derive(Debug)]
pub(super) struct Rows<const N: usize> {
    file: &'static str,
    held: Vec<u8>,
    room: usize,
    /// Bytes put down; what is held comes after them.
    written: u64,
}

impl<const N: usize> Rows<N> {
    /// Holds about `room` bytes.
    pub(super) fn new(file: &'static str, room: usize) -> Self {
        Rows { file, held: Vec::new(), room: room / 2, written: 0 }
    }

    pub(super) fn push(&mut self, row: &[u8; N], scratch: &dyn Scratch) -> io::Result<()> {
        self.extend(&[*row], scratch)
    }

    pub(super) fn extend(&mut self, rows: &[[u8; N]], scratch: &dyn Scratch) -> io::Result<()> {
        self.held.extend(rows.as_flattened());
        if self.held.len() < self.room {
            return Ok(());
        }
        scratch.append(self.file, &self.held)?;
        self.written += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        (self.written + self.held.len() as u64) / N as u64
    }

    /// `count` rows from number `start` on.
    pub(super) fn read(
        &self,
        start: u64,
        count: usize,
        scratch: &dyn Scratch,
    ) -> io::Result<Vec<[u8; N]>> {
        let mut rows = vec![[0; N]; count];
        let bytes = rows.as_flattened_mut();
        let (start, size) = (start * N as u64, bytes.len() as u64);
        let end = (start + size).min(self.written);
        let on_disk = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        let (first, rest) = bytes.split_at_mut(on_disk.min(bytes.len()));
        if !first.is_empty() {
            scratch.read(self.file, start, first)?;
        }
        let from = usize::try_from(start.saturating_sub(self.written)).unwrap_or(usize::MAX);
        let held = self.held.get(from..from.saturating_add(rest.len()));
        rest.copy_from_slice(held.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(rows)
    }

    /// Forgets all of them.
    pub(super) fn end(self, scratch: &dyn Scratch) -> io::Result<()> {
        scratch.remove(self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedupe::scratch::Memory;

    #[test]
    fn parts_come_back_sorted_whatever_the_room() {
        for room in [0, 5_000, 1 << 30] {
            let scratch = Memory::default();
            let mut parted: Parted<u64> = Parted::new("numbers", room);
            for i in 0..20_000_u64 {
                let number = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let part = usize::try_from(number % 3).unwrap();
                parted.push(part, number, &scratch).unwrap();
            }
            let parts: Vec<Vec<u64>> =
                (0..4).map(|part| parted.sorted(part, &scratch).unwrap()).collect();
            assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), 20_000);
            for (part, numbers) in (0..).zip(&parts) {
                assert!(numbers.is_sorted() && numbers.iter().all(|number| number % 3 == part));
            }
            assert_eq!(scratch.read("numbers", 0, &mut [0]).is_ok(), room < 1 << 30);
            parted.end(&scratch).unwrap();
            assert!(scratch.read("numbers", 0, &mut [0]).is_err());
        }
    }

    #[test]
    fn rows_are_read_by_number_whatever_the_room() {
        for room in [0, 20, 1_000] {
            let scratch = Memory::default();
            let mut rows: Rows<3> = Rows::new("rows", room);
            for i in 0..10 {
                rows.push(&[i, i + 1, i + 2], &scratch).unwrap();
            }
            assert_eq!(rows.len(), 10);
            assert_eq!(rows.read(9, 1, &scratch).unwrap(), [[9, 10, 11]]);
            assert_eq!(rows.read(1, 8, &scratch).unwrap().concat()[20..24], [9, 8, 9, 10]);
            assert_eq!(rows.read(10, 0, &scratch).unwrap().len(), 0);
            assert!(rows.read(9, 2, &scratch).is_err());
        }
    }
}
