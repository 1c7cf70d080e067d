//! Keep: list the snapshots under `out/`, go back to an older one, remove old ones.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::disk::{Disk, EntryKind};
use super::error::Error;
use super::manifest::{Manifest, Pointer, is_id};
use super::verify::{check_snapshot, in_words};
use super::{STAGING, link_to, point_to, remove_leftovers};

/// One snapshot in `out/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Whether `CURRENT` names it.
    pub current: bool,
    /// When it was written, as the file system remembers it.
    pub written: Option<SystemTime>,
    /// What it says it holds; `None` if that cannot be read.
    pub manifest: Option<Manifest>,
}

/// What `CURRENT` names; `None` if nothing is published, or if the line is damaged.
pub fn current(out: &Path, disk: &mut dyn Disk) -> Result<Option<Pointer>, Error> {
    let path = out.join("CURRENT");
    match disk.read(&path) {
        Ok(line) => Ok(std::str::from_utf8(&line).ok().and_then(Pointer::parse)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::read(&path, error)),
    }
}

/// All snapshots, the latest written first.
pub fn list(out: &Path, disk: &mut dyn Disk) -> Result<Vec<Listed>, Error> {
    let current = current(out, disk)?;
    let folder = out.join("snapshots");
    let entries = match disk.list(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::read(&folder, error)),
    };
    let mut listed = Vec::new();
    for (id, _) in entries.into_iter().filter(|(id, kind)| *kind == EntryKind::Folder && is_id(id))
    {
        let path = folder.join(&id).join("manifest.json");
        let written = disk.open(&path).and_then(|file| file.metadata()?.modified()).ok();
        let manifest =
            disk.read(&path).ok().and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok());
        let current = current.as_ref().is_some_and(|current| current.id == id);
        listed.push(Listed { id, current, written, manifest });
    }
    listed.sort_by(|a, b| b.written.cmp(&a.written).then_with(|| a.id.cmp(&b.id)));
    Ok(listed)
}

/// Makes the snapshot `id` the current one, if it is whole.
pub fn choose(id: &str, out: &Path, disk: &mut dyn Disk) -> Result<(), Error> {
    let no_such = || Error::NoSuchSnapshot { out: out.to_owned(), id: id.to_owned() };
    if !list(out, disk)?.iter().any(|listed| listed.id == id) {
        return Err(no_such());
    }
    let (manifest, damage) = check_snapshot(&out.join("snapshots").join(id), id, None, disk);
    match manifest {
        Some(manifest) if damage.is_empty() => {
            point_to(&Pointer { id: id.to_owned(), manifest }, out, disk)?;
            // The link is a convenience that not every file system has.
            let _ = link_to(id, out, disk);
            Ok(())
        }
        Some(_) | None => Err(Error::Damaged { id: id.to_owned(), problems: in_words(&damage) }),
    }
}

/// Removes all snapshots but the current one, the `keep` latest others and those written after `young`, and
/// gives the ids removed. Without a current one nothing is removed: what should be kept is not known.
pub fn remove_old(
    keep: usize,
    young: Option<SystemTime>,
    out: &Path,
    disk: &mut dyn Disk,
) -> Result<Vec<String>, Error> {
    if current(out, disk)?.is_none() {
        return Err(Error::NothingPublished { out: out.to_owned() });
    }
    let listed = list(out, disk)?;
    let mut removed = Vec::new();
    let is_old =
        |listed: &Listed| young.is_none_or(|young| listed.written.is_none_or(|at| at <= young));
    for old in listed.into_iter().filter(|listed| !listed.current).skip(keep).filter(is_old) {
        // Renamed first, so that no half of a snapshot is ever seen under its id.
        let path = out.join("snapshots").join(&old.id);
        let aside = out.join(format!("{STAGING}old-{}", old.id));
        disk.rename(&path, &aside).map_err(|error| Error::write(&path, error))?;
        removed.push(old.id);
    }
    remove_leftovers(out, disk)?;
    Ok(removed)
}
