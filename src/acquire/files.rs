//! List and read: the files under `raw/`. Nothing else in the program opens them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{Config, Stop, length};
use crate::model::{RawFile, Reject, RejectReason};

/// What stands under `raw/`: a file to read, or something that no article can come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A regular file.
    File {
        /// Path relative to `raw/`, with `/` between its parts.
        path: String,
        /// Its size when it was listed.
        size: u64,
        /// Where to open it.
        full: PathBuf,
    },
    /// A link, a special file, or a name that cannot be printed.
    Rejected(Reject),
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
        Ok(metadata) => Entry::File { path, size: metadata.len(), full: found.into_path() },
        Err(error) => rejected(&path, RejectReason::Unreadable, error.to_string(), 0),
    })
}

fn rejected(path: &str, reason: RejectReason, detail: impl Into<String>, bytes: u64) -> Entry {
    Entry::Rejected(Stop::new(reason, detail).reject(path, 0, bytes))
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

/// The bytes of a listed file, unless there are too many or the disk fails.
pub fn read(full: &Path, path: String, config: &Config) -> Result<RawFile, Reject> {
    match read_bytes(full, config.max_file_bytes) {
        Ok(Outcome::Whole(bytes)) => Ok(RawFile { path, bytes }),
        Ok(Outcome::Special) => {
            Err(Stop::new(RejectReason::SpecialFile, "not a regular file").reject(&path, 0, 0))
        }
        Ok(Outcome::TooLarge(size)) => {
            let detail = format!("{size} bytes, at most {} are read", config.max_file_bytes);
            Err(Stop::new(RejectReason::TooLarge, detail).reject(&path, 0, size))
        }
        Err(error) => {
            Err(Stop::new(RejectReason::Unreadable, error.to_string()).reject(&path, 0, 0))
        }
    }
}

enum Outcome {
    Whole(Vec<u8>),
    TooLarge(u64),
    Special,
}

fn read_bytes(full: &Path, limit: u64) -> io::Result<Outcome> {
    // Asked before opening: opening a pipe would wait for a writer.
    let size = match fs::symlink_metadata(full)? {
        found if found.is_file() => found.len(),
        _ => return Ok(Outcome::Special),
    };
    if size > limit {
        return Ok(Outcome::TooLarge(size));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    File::open(full)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    let size = length(bytes.len());
    Ok(if size > limit { Outcome::TooLarge(size) } else { Outcome::Whole(bytes) })
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
        let Entry::File { path, size, full } = &entries[2] else { panic!("a file") };
        assert_eq!(*size, 6);
        assert_eq!(read(full, path.clone(), &Config::default()).unwrap().bytes, b"b/2.md");
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
            let reject = read(&pipe, "pipe".into(), &Config::default()).unwrap_err();
            assert_eq!(reject.reason, RejectReason::SpecialFile);
        }
    }

    #[test]
    fn large_and_missing_files() {
        let raw = tempfile::tempdir().unwrap();
        let full = raw.path().join("a.txt");
        fs::write(&full, "0123456789").unwrap();
        let config = Config { max_file_bytes: 9, ..Config::default() };
        let reject = read(&full, "a.txt".into(), &config).unwrap_err();
        assert_eq!((reject.reason, reject.bytes), (RejectReason::TooLarge, 10));
        let config = Config { max_file_bytes: 10, ..Config::default() };
        assert!(read(&full, "a.txt".into(), &config).is_ok());
        fs::remove_file(&full).unwrap();
        let reject = read(&full, "a.txt".into(), &config).unwrap_err();
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
