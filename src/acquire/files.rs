//! List and read: the files under `raw/`. Nothing else in the program opens them.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{Config, Stop};
use crate::model::{ArticleId, Reject, RejectReason, RejectStage};

/// Smaller files are read whole.
const IN_MEMORY: u64 = 8 << 20;

/// What stands under `raw/`: a file to read, or something that no article can come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A regular file.
    File {
        /// Path relative to `raw/`, with `/` between its parts.
        path: String,
        /// Its size and times when it was listed.
        stamp: Stamp,
        /// Where to open it.
        full: PathBuf,
    },
    /// A link, a special file, or a name that cannot be printed.
    Rejected(Reject),
}

/// What the file system says of a file without opening it. Equal stamps, if they are old enough, mean an
/// unchanged file: whoever writes to it moves `changed`, which no program can set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// Its size in bytes.
    pub size: u64,
    /// When its content was written, in nanoseconds since 1970.
    pub modified: i64,
    /// When its content, name or rights were changed, in nanoseconds since 1970.
    pub changed: i64,
    /// Its number in the file system.
    pub inode: u64,
}

impl Stamp {
    /// The stamp of a file. Where the system has no time of change or number, those are 0.
    pub fn of(metadata: &fs::Metadata) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let nanos = |seconds: i64, nanos: i64| seconds.wrapping_mul(1_000_000_000) + nanos;
            Stamp {
                size: metadata.len(),
                modified: nanos(metadata.mtime(), metadata.mtime_nsec()),
                changed: nanos(metadata.ctime(), metadata.ctime_nsec()),
                inode: metadata.ino(),
            }
        }
        #[cfg(not(unix))]
        {
            let since = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH);
            let modified = metadata.modified().ok().and_then(|time| since(time).ok());
            let modified = modified.and_then(|time| i64::try_from(time.as_nanos()).ok());
            Stamp { size: metadata.len(), modified: modified.unwrap_or(0), changed: 0, inode: 0 }
        }
    }
}

impl Entry {
    /// Path relative to `raw/`, with `/` between its parts.
    pub fn path(&self) -> &str {
        match self {
            Entry::File { path, .. } => path,
            Entry::Rejected(reject) => &reject.id.file,
        }
    }
}

/// Why the folder as a whole cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is missing, or may not be read.
    #[error("cannot list {path}")]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a file.
    #[error("{path} is not a folder")]
    NotAFolder {
        /// What was named.
        path: PathBuf,
    },
}

/// Everything under `raw`, sorted by the bytes of its path.
///
/// Names that start with a dot are left out, links are not followed, special files are not opened.
pub fn list(raw: &Path) -> Result<Vec<Entry>, ListError> {
    let unreadable = |source| ListError::Unreadable { path: raw.to_owned(), source };
    if !fs::metadata(raw).map_err(unreadable)?.is_dir() {
        return Err(ListError::NotAFolder { path: raw.to_owned() });
    }
    fs::read_dir(raw).map_err(unreadable)?;
    let seen = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
    };
    let walk = WalkDir::new(raw).min_depth(1).into_iter().filter_entry(seen);
    let mut entries: Vec<Entry> = walk.filter_map(|found| entry(raw, found)).collect();
    entries.sort_by(|a, b| a.path().cmp(b.path()));
    Ok(entries)
}

/// `None` for a folder.
fn entry(raw: &Path, found: walkdir::Result<walkdir::DirEntry>) -> Option<Entry> {
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            let path = relative(raw, error.path().unwrap_or(raw)).unwrap_or_else(|lossy| lossy);
            let detail =
                error.io_error().map_or_else(|| "a loop of links".to_owned(), io::Error::to_string);
            return Some(rejected(&path, RejectReason::Unreadable, detail, 0));
        }
    };
    let kind = found.file_type();
    if kind.is_dir() {
        return None;
    }
    let path = match relative(raw, found.path()) {
        Ok(path) => path,
        Err(lossy) => {
            let detail = "the name is not valid UTF-8";
            return Some(rejected(&lossy, RejectReason::BadName, detail, 0));
        }
    };
    if !kind.is_file() {
        let detail = if kind.is_symlink() { "a symbolic link" } else { "not a regular file" };
        return Some(rejected(&path, RejectReason::SpecialFile, detail, 0));
    }
    Some(match found.metadata() {
        Ok(metadata) => Entry::File { path, stamp: Stamp::of(&metadata), full: found.into_path() },
        Err(error) => rejected(&path, RejectReason::Unreadable, error.to_string(), 0),
    })
}

fn rejected(path: &str, reason: RejectReason, detail: impl Into<String>, bytes: u64) -> Entry {
    Entry::Rejected(Stop::new(reason, detail).reject(path, bytes))
}

/// The path below `raw` with `/` between its parts; an error holds it with other bytes written as `\xE4`.
fn relative(raw: &Path, full: &Path) -> Result<String, String> {
    let below = full.strip_prefix(raw).unwrap_or(full);
    let parts: Vec<_> = below.components().map(|part| part.as_os_str()).collect();
    if let Some(parts) = parts.iter().map(|part| part.to_str()).collect::<Option<Vec<_>>>() {
        return Ok(parts.join("/"));
    }
    let shown = |part: &&std::ffi::OsStr| {
        let mut shown = String::new();
        for chunk in part.as_encoded_bytes().utf8_chunks() {
            shown.push_str(chunk.valid());
            shown.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
        }
        shown
    };
    Err(parts.iter().map(shown).collect::<Vec<_>>().join("/"))
}

impl Stop {
    /// Rejects a file as a whole.
    fn reject(self, path: &str, bytes: u64) -> Reject {
        Reject {
            id: ArticleId { file: path.to_owned(), record: 0 },
            stage: RejectStage::Acquire,
            reason: self.reason,
            detail: self.detail,
            bytes,
        }
    }
}

/// A file to be read: whole in memory if it is small, open on disk otherwise.
#[derive(Debug)]
pub struct RawFile {
    /// Path relative to `raw/`, with `/` between its parts.
    pub path: String,
    pub(super) source: Source,
}

#[derive(Debug)]
pub(super) enum Source {
    Memory(Vec<u8>),
    Disk { file: File, size: u64 },
}

impl RawFile {
    /// A file that somebody else has read.
    pub fn in_memory(path: String, bytes: Vec<u8>) -> Self {
        RawFile { path, source: Source::Memory(bytes) }
    }

    /// A hash of its bytes: BLAKE3 in hexadecimal. The file can be read afterwards.
    pub fn hash(&mut self) -> Result<String, Reject> {
        let mut hasher = blake3::Hasher::new();
        match &mut self.source {
            Source::Memory(bytes) => {
                hasher.update(bytes);
            }
            Source::Disk { file, size } => {
                let read = io::copy(&mut file.take(*size), &mut hasher);
                read.and_then(|_| file.rewind())
                    .map_err(|error| Stop::from(error).reject(&self.path, *size))?;
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}

/// Opens a listed file, unless it is too large or the disk fails.
pub fn open(full: &Path, path: String, config: &Config) -> Result<RawFile, Reject> {
    match open_source(full, config.max_file_bytes) {
        Ok(source) => Ok(RawFile { path, source }),
        Err((stop, size)) => Err(stop.reject(&path, size)),
    }
}

fn open_source(full: &Path, limit: u64) -> Result<Source, (Stop, u64)> {
    let unreadable = |error: io::Error| (Stop::from(error), 0);
    // Asked before opening: opening a pipe would wait for a writer.
    let size = match fs::symlink_metadata(full).map_err(unreadable)? {
        found if found.is_file() => found.len(),
        _ => return Err((Stop::new(RejectReason::SpecialFile, "not a regular file"), 0)),
    };
    if size > limit {
        let detail = format!("{size} bytes, at most {limit} are read");
        return Err((Stop::over("max_file", RejectReason::TooLarge, detail), size));
    }
    let file = File::open(full).map_err(unreadable)?;
    if size > IN_MEMORY {
        return Ok(Source::Disk { file, size });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // What is appended meanwhile is for the next run.
    file.take(size).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Source::Memory(bytes))
}

/// The file under `raw` that a source path of the tables leads to, and its path there.
pub fn locate(raw: &Path, source_path: &str) -> (PathBuf, String) {
    let path = file_of(source_path, |path| raw.join(path).is_file());
    (raw.join(path), path.to_owned())
}

/// The file that a source path leads to: itself, or the archive that it is in.
pub fn file_of(source_path: &str, exists: impl Fn(&str) -> bool) -> &str {
    let archive = |at: usize| source_path.get(..at).unwrap_or(source_path);
    let mut archives = source_path.match_indices("!/").map(|(at, _)| archive(at));
    if exists(source_path) {
        return source_path;
    }
    let first = archives.clone().next().unwrap_or(source_path);
    archives.find(|path| exists(path)).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(entries: &[Entry]) -> Vec<(&str, Option<RejectReason>)> {
        let reason = |entry: &Entry| match entry {
            Entry::File { .. } => None,
            Entry::Rejected(reject) => Some(reject.reason),
        };
        entries.iter().map(|entry| (entry.path(), reason(entry))).collect()
    }

    #[test]
    fn lists_in_order_without_hidden_files() {
        let raw = tempfile::tempdir().unwrap();
        for path in
            ["b/2.md", "b-1.txt", "a.txt", ".hidden", ".git/config", "b/.tmp/x", "案/一.txt"]
        {
            let full = raw.path().join(path);
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, path).unwrap();
        }
        let entries = list(raw.path()).unwrap();
        let expected = [("a.txt", None), ("b-1.txt", None), ("b/2.md", None), ("案/一.txt", None)];
        assert_eq!(reasons(&entries), expected);
        let Entry::File { path, stamp, full } = &entries[2] else { panic!("a file") };
        assert_eq!(stamp.size, 6);
        let mut file = open(full, path.clone(), &Config::default()).unwrap();
        assert_eq!(file.hash().unwrap(), blake3::hash(b"b/2.md").to_hex().to_string());
        assert!(matches!(file.source, Source::Memory(bytes) if bytes == b"b/2.md"));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_special_files_are_rejected_unopened() {
        use std::os::unix::{ffi::OsStrExt, fs::symlink, net::UnixListener};
        let raw = tempfile::tempdir().unwrap();
        fs::write(raw.path().join("a.txt"), "文").unwrap();
        symlink("a.txt", raw.path().join("b.txt")).unwrap();
        symlink("nowhere", raw.path().join("broken")).unwrap();
        symlink(".", raw.path().join("loop")).unwrap();
        let _socket = UnixListener::bind(raw.path().join("socket")).unwrap();
        let pipe = raw.path().join("pipe");
        let piped =
            std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|s| s.success());
        fs::write(raw.path().join(std::ffi::OsStr::from_bytes(b"\xB9\xE3.txt")), "x").unwrap();
        let special = Some(RejectReason::SpecialFile);
        let mut expected = vec![("\\xB9\\xE3.txt", Some(RejectReason::BadName)), ("a.txt", None)];
        expected.extend([("b.txt", special), ("broken", special), ("loop", special)]);
        expected.extend(piped.then_some(("pipe", special)));
        expected.push(("socket", special));
        assert_eq!(reasons(&list(raw.path()).unwrap()), expected);
        if piped {
            let reject = open(&pipe, "pipe".into(), &Config::default()).unwrap_err();
            assert_eq!(reject.reason, RejectReason::SpecialFile);
        }
    }

    #[test]
    fn large_and_missing_files() {
        let raw = tempfile::tempdir().unwrap();
        let full = raw.path().join("a.txt");
        fs::write(&full, "0123456789").unwrap();
        let config = Config { max_file_bytes: 9, ..Config::default() };
        let reject = open(&full, "a.txt".into(), &config).unwrap_err();
        assert_eq!((reject.reason, reject.bytes), (RejectReason::TooLarge, 10));
        let config = Config { max_file_bytes: 10, ..Config::default() };
        assert!(open(&full, "a.txt".into(), &config).is_ok());
        fs::remove_file(&full).unwrap();
        let reject = open(&full, "a.txt".into(), &config).unwrap_err();
        assert_eq!(reject.reason, RejectReason::Unreadable);
        assert!(!reject.detail.is_empty());
    }

    #[test]
    fn the_folder_itself() {
        let raw = tempfile::tempdir().unwrap();
        assert!(matches!(list(&raw.path().join("no")), Err(ListError::Unreadable { .. })));
        let file = raw.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(matches!(list(&file), Err(ListError::NotAFolder { .. })));
        assert_eq!(list(&raw.path().join(".")).unwrap().len(), 1);
    }
}
