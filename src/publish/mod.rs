//! Publish: tables to one snapshot under `out/`, whole or not at all.

mod check;
mod column;
mod datapackage;
mod disk;
mod draft;
mod error;
mod manifest;
mod page;
mod parquet;
mod pile;
pub mod rows;
mod schema;
mod snapshots;
pub mod summary;
mod verify;
mod views;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

pub use self::check::{Bounds, Rule, Severity, Test};
pub use self::column::{Cell, Column, Field, Kind, Refer, Row, Scalar, cells, columns};
pub use self::disk::{Disk, EntryKind, FaultyDisk, Output, RealDisk};
pub use self::draft::{Draft, Options, Read};
pub use self::error::Error;
pub use self::manifest::{FileEntry, Manifest, Pointer, Snapshot, is_id};
pub use self::schema::{SchemaFormat, columns_of, schema, table_names};
pub use self::snapshots::{Listed, choose, current, list, remove_old};
pub use self::verify::{Damage, Harm, Report, verify};

use self::verify::check_snapshot;

/// What publishing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Id of the snapshot that is now current.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether it was there already and whole, so that no table was written.
    pub reused: bool,
    /// Whether `out/current` points to it; a file system without links does not stop publishing.
    pub linked: bool,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
}

/// Makes the snapshot that `made_from` names the current one, if it is there and whole.
///
/// If it is the current one already, nothing is written.
pub fn standing(
    made_from: &Snapshot,
    out: &Path,
    disk: &mut dyn Disk,
) -> Result<Option<Published>, Error> {
    let id = made_from.id();
    let Some(manifest) = whole_manifest(&id, out, disk) else { return Ok(None) };
    point_to(&Pointer { id: id.clone(), manifest }, out, disk)?;
    let linked = link_to(&id, out, disk).is_ok();
    let folder = out.join("snapshots").join(&id);
    let rows = rows_of(&folder, disk)?;
    Ok(Some(Published { id, folder, reused: true, linked, rows }))
}

/// Rows of each table of a snapshot, as its manifest has them.
fn rows_of(folder: &Path, disk: &mut dyn Disk) -> Result<BTreeMap<String, u64>, Error> {
    let path = folder.join("manifest.json");
    let read = disk.read(&path).and_then(|bytes| Ok(serde_json::from_slice::<Manifest>(&bytes)?));
    let manifest = read.map_err(|error| Error::read(&path, error))?;
    let rows = manifest.files.into_iter().filter_map(|file| {
        let name = file.path.strip_suffix(".parquet")?;
        Some((name.strip_prefix("summary/").unwrap_or(name).to_owned(), file.rows?))
    });
    Ok(rows.collect())
}

/// What the names of unfinished things in `out` start with.
const STAGING: &str = ".staging-";

/// Removes what an interrupted run left.
fn remove_leftovers(out: &Path, disk: &mut dyn Disk) -> Result<(), Error> {
    let entries = disk.list(out).map_err(|error| Error::read(out, error))?;
    for (name, kind) in entries.into_iter().filter(|(name, _)| name.starts_with(STAGING)) {
        let path = out.join(name);
        let removed = match kind {
            EntryKind::Folder => disk.remove_dir_all(&path),
            EntryKind::File | EntryKind::Other => disk.remove_file(&path),
        };
        removed.map_err(|error| Error::write(&path, error))?;
    }
    Ok(())
}

/// The hash of the manifest of a snapshot that is there and whole.
fn whole_manifest(id: &str, out: &Path, disk: &mut dyn Disk) -> Option<String> {
    let current = current(out, disk).ok().flatten().filter(|pointer| pointer.id == id);
    let expected = current.as_ref().map(|pointer| pointer.manifest.as_str());
    let (hash, damage) = check_snapshot(&out.join("snapshots").join(id), id, expected, disk);
    hash.filter(|_| damage.is_empty())
}

/// The rows in the order of their keys.
fn sorted<R: Row>(rows: &[R]) -> Vec<&R> {
    let mut sorted: Vec<&R> = rows.iter().collect();
    sorted.sort_by(|a, b| a.order(b));
    sorted
}

/// Where the file of a table lies in a snapshot.
fn path<R: Row>() -> String {
    let folder = if R::MADE_FROM.is_some() { "summary/" } else { "" };
    format!("{folder}{}.parquet", R::NAME)
}

/// Gives the written folder its name. A damaged snapshot of that name makes room first.
fn install(staging: &Path, folder: &Path, out: &Path, disk: &mut dyn Disk) -> Result<(), Error> {
    let snapshots = out.join("snapshots");
    let there = disk.list(&snapshots).map_err(|error| Error::read(&snapshots, error))?;
    let damaged = out.join(format!("{STAGING}damaged"));
    let name = folder.file_name().unwrap_or_default();
    let occupied = there.iter().any(|(entry, _)| name == entry.as_str());
    if occupied {
        disk.rename(folder, &damaged).map_err(|error| Error::write(folder, error))?;
    }
    disk.rename(staging, folder).map_err(|error| Error::write(folder, error))?;
    for changed in [&snapshots, out] {
        disk.sync_dir(changed).map_err(|error| Error::write(changed, error))?;
    }
    if occupied {
        remove_leftovers(out, disk)?;
    }
    Ok(())
}

/// Makes a snapshot the current one: after this rename readers see it, before it the old one.
fn point_to(pointer: &Pointer, out: &Path, disk: &mut dyn Disk) -> Result<(), Error> {
    let line = pointer.to_string();
    let current = out.join("CURRENT");
    if disk.read(&current).is_ok_and(|old| old == line.as_bytes()) {
        return Ok(());
    }
    let temporary = out.join(format!("{STAGING}CURRENT"));
    disk.write(&temporary, line.as_bytes()).map_err(|error| Error::write(&temporary, error))?;
    disk.rename(&temporary, &current).map_err(|error| Error::write(&current, error))?;
    disk.sync_dir(out).map_err(|error| Error::write(out, error))
}

/// Points the link `out/current` at a snapshot, for people and for tools that cannot read `CURRENT`.
fn link_to(id: &str, out: &Path, disk: &mut dyn Disk) -> io::Result<()> {
    let target = Path::new("snapshots").join(id);
    let link = out.join("current");
    if disk.read_link(&link).is_ok_and(|old| old == target) {
        return Ok(());
    }
    let temporary = out.join(format!("{STAGING}current"));
    disk.symlink(&target, &temporary)?;
    disk.rename(&temporary, &link)?;
    disk.sync_dir(out)
}
