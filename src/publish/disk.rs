//! Touch the disk: the few operations that publishing needs, and a disk that fails on demand.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What an entry of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, or anything else.
    Other,
}

/// A file that is being written.
pub trait Output: Write + Send {
    /// Waits until the disk has all of it.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Output for File {
    fn finish(self: Box<Self>) -> io::Result<()> {
        self.sync_all()
    }
}

/// The operations on `out/`. After a failed one the disk is as before, or as after, or a file is torn.
pub trait Disk {
    /// Makes a folder and those above it.
    fn create_dir_all(&mut self, path: &Path) -> io::Result<()>;
    /// Begins a file, replacing what is there.
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Output>>;
    /// Waits until the disk has the entries of a folder.
    fn sync_dir(&mut self, path: &Path) -> io::Result<()>;
    /// Gives a file, folder or link another name; a file or link of that name is replaced at once.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a folder with all it holds.
    fn remove_dir_all(&mut self, path: &Path) -> io::Result<()>;
    /// Removes a file or link.
    fn remove_file(&mut self, path: &Path) -> io::Result<()>;
    /// Makes a symbolic link `link` to `target`.
    fn symlink(&mut self, target: &Path, link: &Path) -> io::Result<()>;
    /// Where a symbolic link points.
    fn read_link(&mut self, link: &Path) -> io::Result<PathBuf>;
    /// Opens a file for reading.
    fn open(&mut self, path: &Path) -> io::Result<File>;
    /// The entries of a folder, sorted by name; names that are not UTF-8 come with replacement characters.
    fn list(&mut self, path: &Path) -> io::Result<Vec<(String, EntryKind)>>;

    /// Writes a whole file, replacing what is there, and waits until the disk has it.
    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.create(path)?;
        file.write_all(bytes)?;
        file.finish()
    }

    /// A whole small file.
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The disk itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

#[allow(clippy::disallowed_methods, reason = "the one place that writes")]
impl Disk for RealDisk {
    fn create_dir_all(&mut self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(File::create(path)?))
    }

    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        // Only Unix can open a folder; elsewhere the file system orders renames by itself.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_dir_all(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn symlink(&mut self, target: &Path, link: &Path) -> io::Result<()> {
        #[cfg(unix)]
        return std::os::unix::fs::symlink(target, link);
        #[cfg(not(unix))]
        return Err(io::Error::from(io::ErrorKind::Unsupported));
    }

    fn read_link(&mut self, link: &Path) -> io::Result<PathBuf> {
        fs::read_link(link)
    }

    fn open(&mut self, path: &Path) -> io::Result<File> {
        File::open(path)
    }

    fn list(&mut self, path: &Path) -> io::Result<Vec<(String, EntryKind)>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let file_type = entry.file_type()?;
            let kind = if file_type.is_file() {
                EntryKind::File
            } else if file_type.is_dir() {
                EntryKind::Folder
            } else {
                EntryKind::Other
            };
            entries.push((entry.file_name().to_string_lossy().into_owned(), kind));
        }
        entries.sort();
        Ok(entries)
    }
}

/// A real disk that does some operations and then fails every one, as after a crash or on a full disk.
/// The write that fails leaves half of its bytes behind.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    /// Operations that still succeed, shared with the files being written.
    left: Arc<AtomicUsize>,
    kind: io::ErrorKind,
}

impl FaultyDisk {
    /// A disk whose first `left` operations succeed, and how the others fail.
    pub fn new(left: usize, kind: io::ErrorKind) -> Self {
        FaultyDisk { left: Arc::new(AtomicUsize::new(left)), kind }
    }

    fn spend(&self) -> io::Result<()> {
        let less = |left: usize| left.checked_sub(1);
        let spent = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        spent.map(drop).map_err(|_| io::Error::from(self.kind))
    }
}

/// A file on a [`FaultyDisk`].
struct FaultyFile {
    file: File,
    disk: FaultyDisk,
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.disk.spend() {
            let (half, _) = bytes.split_at(bytes.len() / 2);
            self.file.write_all(half)?;
            return Err(error);
        }
        self.file.write_all(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Output for FaultyFile {
    fn finish(self: Box<Self>) -> io::Result<()> {
        self.disk.spend()?;
        self.file.sync_all()
    }
}

impl Disk for FaultyDisk {
    fn create_dir_all(&mut self, path: &Path) -> io::Result<()> {
        self.spend()?;
        RealDisk.create_dir_all(path)
    }

    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Output>> {
        self.spend()?;
        Ok(Box::new(FaultyFile { file: File::create(path)?, disk: self.clone() }))
    }

    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        self.spend()?;
        RealDisk.sync_dir(path)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.spend()?;
        RealDisk.rename(from, to)
    }

    fn remove_dir_all(&mut self, path: &Path) -> io::Result<()> {
        self.spend()?;
        RealDisk.remove_dir_all(path)
    }

    fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        self.spend()?;
        RealDisk.remove_file(path)
    }

    fn symlink(&mut self, target: &Path, link: &Path) -> io::Result<()> {
        self.spend()?;
        RealDisk.symlink(target, link)
    }

    fn read_link(&mut self, link: &Path) -> io::Result<PathBuf> {
        self.spend()?;
        RealDisk.read_link(link)
    }

    fn open(&mut self, path: &Path) -> io::Result<File> {
        self.spend()?;
        RealDisk.open(path)
    }

    fn list(&mut self, path: &Path) -> io::Result<Vec<(String, EntryKind)>> {
        self.spend()?;
        RealDisk.list(path)
    }
}
