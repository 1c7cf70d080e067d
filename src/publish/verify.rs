//! Verify: a published snapshot against its manifest, and every damage found.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};

use super::disk::{Disk, EntryKind, RealDisk};
use super::error::Error;
use super::manifest::{FileEntry, Manifest, Pointer, sha256, sha256_of};

/// What `verify` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The current snapshot; `None` if `CURRENT` does not name one.
    pub id: Option<String>,
    /// Files looked at.
    pub files: usize,
    /// Their size as the manifest has it.
    pub bytes: u64,
    /// What is wrong, sorted by path; empty means whole.
    pub damage: Vec<Damage>,
}

/// One thing wrong with a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Relative to the folder looked at, with `/` between its parts.
    pub path: String,
    /// What is wrong.
    pub harm: Harm,
}

/// What can be wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Harm {
    /// It is not there.
    Missing,
    /// It is not in the manifest.
    Extra,
    /// It is not as the manifest says, in so many words.
    Differs(String),
    /// It cannot be read, in so many words.
    Unreadable(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage { path, harm } = self;
        match harm {
            Harm::Missing => write!(f, "{path} is missing"),
            Harm::Extra => write!(f, "{path} is not in the manifest"),
            Harm::Differs(how) => write!(f, "{path}: {how}"),
            Harm::Unreadable(why) => write!(f, "{path} cannot be read: {why}"),
        }
    }
}

/// All damages on one line.
pub(super) fn in_words(damage: &[Damage]) -> String {
    damage.iter().map(Damage::to_string).collect::<Vec<_>>().join("; ")
}

/// Checks the snapshot that `out/CURRENT` names. An error means that there is none, or no way to look.
pub fn verify(out: &Path) -> Result<Report, Error> {
    let disk = &mut RealDisk;
    let current = out.join("CURRENT");
    let line = match disk.read(&current) {
        Ok(line) => line,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::NothingPublished { out: out.to_owned() });
        }
        Err(error) => return Err(Error::read(&current, error)),
    };
    let Some(pointer) = std::str::from_utf8(&line).ok().and_then(Pointer::parse) else {
        let harm = Harm::Differs("expected `<id> <sha256 of manifest.json>`".to_owned());
        let damage = vec![Damage { path: "CURRENT".to_owned(), harm }];
        return Ok(Report { id: None, files: 0, bytes: 0, damage });
    };
    let folder = out.join("snapshots").join(&pointer.id);
    let (manifest, mut damage) = read_manifest(&folder, &pointer.id, Some(&pointer.manifest), disk);
    let files = manifest.map_or_else(Vec::new, |(manifest, _)| manifest.files);
    if !files.is_empty() {
        damage.extend(check_files(&folder, &files, disk));
    }
    let bytes = files.iter().map(|file| file.bytes).fold(0, u64::saturating_add);
    Ok(Report { id: Some(pointer.id), files: files.len(), bytes, damage })
}

/// Checks the snapshot in `folder`, and gives the hash of its manifest if that can be read.
pub(super) fn check_snapshot(
    folder: &Path,
    id: &str,
    expected: Option<&str>,
    disk: &mut dyn Disk,
) -> (Option<String>, Vec<Damage>) {
    let (manifest, mut damage) = read_manifest(folder, id, expected, disk);
    let Some((manifest, hash)) = manifest else { return (None, damage) };
    damage.extend(check_files(folder, &manifest.files, disk));
    (Some(hash), damage)
}

/// The manifest in `folder` with its hash, as far as it can be read, and what is wrong with it.
fn read_manifest(
    folder: &Path,
    id: &str,
    expected: Option<&str>,
    disk: &mut dyn Disk,
) -> (Option<(Manifest, String)>, Vec<Damage>) {
    let damage = |harm| vec![Damage { path: "manifest.json".to_owned(), harm }];
    let bytes = match disk.read(&folder.join("manifest.json")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return (None, damage(Harm::Missing));
        }
        Err(error) => return (None, damage(Harm::Unreadable(error.to_string()))),
    };
    let hash = sha256(&bytes);
    let mut found = Vec::new();
    if expected.is_some_and(|expected| expected != hash) {
        found.extend(damage(Harm::Differs("hash differs from the one expected".to_owned())));
    }
    match serde_json::from_slice::<Manifest>(&bytes) {
        Ok(manifest) if manifest.id == id => (Some((manifest, hash)), found),
        Ok(manifest) => {
            found.extend(damage(Harm::Differs(format!("is of snapshot {}", manifest.id))));
            (Some((manifest, hash)), found)
        }
        Err(error) => {
            found.extend(damage(Harm::Unreadable(error.to_string())));
            (None, found)
        }
    }
}

/// Compares the files in `folder` with the manifest's list.
fn check_files(folder: &Path, files: &[FileEntry], disk: &mut dyn Disk) -> Vec<Damage> {
    let mut there = BTreeMap::new();
    let mut damage = Vec::new();
    list(folder, "", &mut there, &mut damage, disk);
    there.remove("manifest.json");
    for file in files {
        let harm = match there.remove(&file.path) {
            Some(EntryKind::File) => check_file(folder, file, disk),
            Some(EntryKind::Folder | EntryKind::Other) => {
                Some(Harm::Differs("is not a regular file".to_owned()))
            }
            None => Some(Harm::Missing),
        };
        damage.extend(harm.map(|harm| Damage { path: file.path.clone(), harm }));
    }
    damage.extend(there.into_keys().map(|path| Damage { path, harm: Harm::Extra }));
    damage.sort_by(|a, b| a.path.cmp(&b.path));
    damage
}

/// Every entry under `folder` that is not a folder, by its path.
fn list(
    folder: &Path,
    prefix: &str,
    there: &mut BTreeMap<String, EntryKind>,
    damage: &mut Vec<Damage>,
    disk: &mut dyn Disk,
) {
    let entries = match disk.list(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let harm = Harm::Unreadable(error.to_string());
            damage.push(Damage {
                path: if prefix.is_empty() { "." } else { prefix }.to_owned(),
                harm,
            });
            return;
        }
    };
    for (name, kind) in entries {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        match kind {
            // Two levels are all that a snapshot has.
            EntryKind::Folder if prefix.is_empty() => {
                list(&folder.join(&name), &path, there, damage, disk);
            }
            EntryKind::Folder | EntryKind::File | EntryKind::Other => {
                there.insert(path, kind);
            }
        }
    }
}

fn check_file(folder: &Path, file: &FileEntry, disk: &mut dyn Disk) -> Option<Harm> {
    let path = folder.join(&file.path);
    let (bytes, sha256) = match disk.open(&path).and_then(sha256_of) {
        Ok(found) => found,
        Err(error) => return Some(Harm::Unreadable(error.to_string())),
    };
    if bytes != file.bytes {
        return Some(Harm::Differs(format!("holds {bytes} bytes, expected {}", file.bytes)));
    }
    if sha256 != file.sha256 {
        return Some(Harm::Differs("content has changed (hash differs)".to_owned()));
    }
    let expected = file.rows?;
    match disk.open(&path).map_err(|error| error.to_string()).and_then(rows) {
        Ok(found) if found == expected => None,
        Ok(found) => Some(Harm::Differs(format!("holds {found} rows, expected {expected}"))),
        Err(error) => Some(Harm::Unreadable(error)),
    }
}

/// Rows of a Parquet file, from its footer.
fn rows(file: std::fs::File) -> Result<u64, String> {
    let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
    let rows = reader.metadata().file_metadata().num_rows();
    u64::try_from(rows).map_err(|_| format!("footer says {rows} rows"))
}
