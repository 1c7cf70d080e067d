//! Scratch: where dedupe keeps what it does not hold in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Files that are added to at the end and read anywhere. They are of no use after the run.
///
/// The caller decides where they are; nothing in the result depends on it.
pub trait Scratch: Sync {
    /// Adds bytes to the end of a file, which is empty before the first.
    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()>;
    /// Fills `into` with the bytes of a file from `offset` on.
    fn read(&self, file: &str, offset: u64, into: &mut [u8]) -> io::Result<()>;
    /// Forgets a file, if there is one of that name.
    fn remove(&self, file: &str) -> io::Result<()>;
}

/// Scratch files that are held in memory, for collections that fit.
#[derive(Debug, Default)]
pub struct Memory {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Memory {
    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scratch for Memory {
    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let mut files = self.files();
        match files.get_mut(file) {
            Some(held) => held.extend_from_slice(bytes),
            None => {
                files.insert(file.to_owned(), bytes.to_owned());
            }
        }
        Ok(())
    }

    fn read(&self, file: &str, offset: u64, into: &mut [u8]) -> io::Result<()> {
        if into.is_empty() {
            return Ok(());
        }
        let files = self.files();
        let held = files.get(file).map_or(&[] as &[u8], Vec::as_slice);
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = held.get(start..start.saturating_add(into.len()));
        into.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn remove(&self, file: &str) -> io::Result<()> {
        self.files().remove(file);
        Ok(())
    }
}
