//! Scratch files in a folder: what a run puts down for a while.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::dedupe::Scratch;

/// A folder of scratch files. It holds nothing at first, and is removed in the end.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    open: Mutex<BTreeMap<String, File>>,
}

impl Folder {
    /// Makes the folder, or empties it of what a run that broke off has left.
    pub fn new(path: &Path) -> io::Result<Self> {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(path)?,
        }
        Ok(Folder { path: path.to_owned(), open: Mutex::default() })
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<String, File>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next run.
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Scratch for Folder {
    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let mut files = self.open();
        if let Some(mut open) = files.get(file) {
            open.seek(SeekFrom::End(0))?;
            return open.write_all(bytes);
        }
        let path = self.path.join(file);
        let mut open =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        open.write_all(bytes)?;
        files.insert(file.to_owned(), open);
        Ok(())
    }

    fn read(&self, file: &str, offset: u64, into: &mut [u8]) -> io::Result<()> {
        if into.is_empty() {
            return Ok(());
        }
        let files = self.open();
        let mut open = files.get(file).ok_or(io::ErrorKind::UnexpectedEof)?;
        open.seek(SeekFrom::Start(offset))?;
        open.read_exact(into)
    }

    fn remove(&self, file: &str) -> io::Result<()> {
        match self.open().remove(file) {
            Some(_) => fs::remove_file(self.path.join(file)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedupe::Memory;

    #[test]
    fn a_folder_and_memory_are_alike() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("scratch");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("a"), "left over").unwrap();
        let folder = Folder::new(&path).unwrap();
        let memory = Memory::default();
        for scratch in [&folder as &dyn Scratch, &memory] {
            let read = |scratch: &dyn Scratch, offset, len| {
                let mut into = vec![0; len];
                scratch.read("a", offset, &mut into).map(|()| into)
            };
            assert!(read(scratch, 0, 1).is_err());
            scratch.append("a", b"one").unwrap();
            scratch.append("b", b"other").unwrap();
            assert_eq!(read(scratch, 1, 2).unwrap(), b"ne");
            scratch.append("a", b"two").unwrap();
            assert_eq!(read(scratch, 0, 6).unwrap(), b"onetwo");
            assert_eq!(read(scratch, 6, 0).unwrap(), b"");
            assert!(read(scratch, 5, 2).is_err());
            scratch.remove("a").unwrap();
            scratch.remove("a").unwrap();
            assert!(read(scratch, 0, 1).is_err());
            scratch.append("a", b"anew").unwrap();
            assert_eq!(read(scratch, 0, 4).unwrap(), b"anew");
        }
        drop(folder);
        assert!(!path.exists());
    }
}
