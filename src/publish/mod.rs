//! Publish: tables to one snapshot under `out/`, whole or not at all.

mod check;
mod column;
mod datapackage;
mod disk;
mod error;
mod manifest;
mod page;
mod parquet;
pub mod rows;
mod schema;
mod snapshots;
pub mod summary;
mod verify;
mod views;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

pub use self::column::{Cell, Column, Field, Kind, Refer, Row, Scalar, cells, columns};
pub use self::disk::{Disk, EntryKind, FaultyDisk, RealDisk};
pub use self::error::Error;
pub use self::manifest::{FileEntry, Manifest, Pointer, Snapshot, is_id};
pub use self::schema::{SchemaFormat, schema};
pub use self::snapshots::{Listed, choose, current, list, remove_old};
pub use self::verify::{Damage, Harm, Report, verify};

use self::manifest::sha256;
use self::parquet::{Stamp, encode};
use self::rows::{
    Article, Case, CaseSource, Division, Duplicate, Figure, Label, Mention, Offence, Reject,
    Statistic, Term,
};
use self::summary::{Summaries, summarise};
use self::verify::{check_snapshot, in_words};

/// Everything that a run publishes. The order of rows does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tables {
    /// One row per input document that could be read.
    pub articles: Vec<Article>,
    /// One row per article that repeats another.
    pub duplicates: Vec<Duplicate>,
    /// One row per telling of a case.
    pub mentions: Vec<Mention>,
    /// One row per distinct case.
    pub cases: Vec<Case>,
    /// One row per case and article that tells it.
    pub case_sources: Vec<CaseSource>,
    /// One row per number read.
    pub figures: Vec<Figure>,
    /// One row per mention, facet and code.
    pub labels: Vec<Label>,
    /// One row per published total or share.
    pub statistics: Vec<Statistic>,
    /// One row per input document that gave no article.
    pub rejects: Vec<Reject>,
    /// One row per label that a case can carry.
    pub taxonomy: Vec<Term>,
    /// One row per administrative division.
    pub divisions: Vec<Division>,
    /// One row per offence.
    pub offences: Vec<Offence>,
}

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
}

/// Publishes `tables` as the snapshot that `made_from` names. On an error the old snapshot stands,
/// and publishing again finishes the work. One process at a time may publish into `out`.
pub fn publish(
    tables: &Tables,
    made_from: &Snapshot,
    out: &Path,
    disk: &mut dyn Disk,
) -> Result<Published, Error> {
    let id = made_from.id();
    let snapshots = out.join("snapshots");
    let folder = snapshots.join(&id);
    disk.create_dir_all(&snapshots).map_err(|error| Error::write(&snapshots, error))?;
    remove_leftovers(out, disk)?;
    let whole = whole_manifest(&id, out, disk);
    let reused = whole.is_some();
    let manifest = match whole {
        Some(manifest) => manifest,
        None => make(tables, made_from, out, disk)?,
    };
    point_to(&Pointer { id: id.clone(), manifest }, out, disk)?;
    let linked = link_to(&id, out, disk).is_ok();
    Ok(Published { id, folder, reused, linked })
}

/// Checks the tables, writes them as a snapshot under its final name and gives the hash of its manifest.
fn make(
    tables: &Tables,
    made_from: &Snapshot,
    out: &Path,
    disk: &mut dyn Disk,
) -> Result<String, Error> {
    let problems = check::check(tables);
    if !problems.is_empty() {
        return Err(Error::Check(problems));
    }
    let id = made_from.id();
    let staging = out.join(format!("{STAGING}{id}"));
    let written = write_snapshot(tables, made_from, &staging, disk);
    if written.is_err() {
        // Gives the space back; if that fails too, the next run does it.
        let _ = disk.remove_dir_all(&staging);
    }
    let manifest = written?;
    install(&staging, &out.join("snapshots").join(id), out, disk)?;
    Ok(manifest)
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

/// Writes all files into `staging`, reads them back, and gives the hash of the manifest.
fn write_snapshot(
    tables: &Tables,
    made_from: &Snapshot,
    staging: &Path,
    disk: &mut dyn Disk,
) -> Result<String, Error> {
    let id = made_from.id();
    let summaries = summarise(tables).map_err(Error::Summary)?;
    let stamp = Stamp { snapshot: &id, version: &made_from.version };
    let mut writer = Writer { staging, stamp, files: Vec::new(), disk };
    writer.folders()?;
    writer.tables(tables)?;
    writer.summaries(&summaries)?;
    let package = datapackage::datapackage(&made_from.version, &writer.files);
    writer.text("datapackage.json", &package)?;
    writer.text("views.sql", &views::views())?;
    writer.text("dictionary.md", &schema::dictionary(&tables.taxonomy))?;
    writer.text("report.html", &page::page(tables, &summaries, made_from))?;
    let Writer { mut files, .. } = writer;
    files.sort_by(|a, b| a.path.cmp(&b.path));

    let manifest = Manifest {
        format: 1,
        id,
        version: made_from.version.clone(),
        inputs: made_from.inputs.clone(),
        config: made_from.config.clone(),
        knowledge: made_from.knowledge.clone(),
        counts: made_from.counts.clone(),
        files,
    };
    let json = schema::to_json(&manifest);
    let path = staging.join("manifest.json");
    disk.write(&path, json.as_bytes()).map_err(|error| Error::write(&path, error))?;
    for folder in [staging.join("summary"), staging.to_owned()] {
        disk.sync_dir(&folder).map_err(|error| Error::write(&folder, error))?;
    }

    let hash = sha256(json.as_bytes());
    let (_, damage) = check_snapshot(staging, &manifest.id, Some(&hash), disk);
    if damage.is_empty() {
        Ok(hash)
    } else {
        Err(Error::Changed { path: staging.to_owned(), problems: in_words(&damage) })
    }
}

/// Writes the files of one snapshot and notes each for the manifest.
struct Writer<'a> {
    staging: &'a Path,
    stamp: Stamp<'a>,
    files: Vec<FileEntry>,
    disk: &'a mut dyn Disk,
}

impl Writer<'_> {
    fn folders(&mut self) -> Result<(), Error> {
        let summary = self.staging.join("summary");
        self.disk.create_dir_all(&summary).map_err(|error| Error::write(&summary, error))
    }

    fn tables(&mut self, tables: &Tables) -> Result<(), Error> {
        self.table(&tables.articles)?;
        self.table(&tables.duplicates)?;
        self.table(&tables.mentions)?;
        self.table(&tables.cases)?;
        self.table(&tables.case_sources)?;
        self.table(&tables.figures)?;
        self.table(&tables.labels)?;
        self.table(&tables.statistics)?;
        self.table(&tables.rejects)?;
        self.table(&tables.taxonomy)?;
        self.table(&tables.divisions)?;
        self.table(&tables.offences)
    }

    fn summaries(&mut self, summaries: &Summaries) -> Result<(), Error> {
        self.table(&summaries.by_year)?;
        self.table(&summaries.by_province)?;
        self.table(&summaries.by_method)?;
        self.table(&summaries.by_data_type)?;
        self.table(&summaries.by_industry)?;
        self.table(&summaries.by_use)?;
        self.table(&summaries.method_by_industry)?;
        self.table(&summaries.source_coverage)?;
        self.table(&summaries.measures)
    }

    fn table<R: Row>(&mut self, rows: &[R]) -> Result<(), Error> {
        let sorted = sorted(rows);
        let bytes = encode(&sorted, self.stamp)
            .map_err(|source| Error::Encode { table: R::NAME, source })?;
        let counts = (sorted.len() as u64, columns::<R>().len() as u64);
        self.write(&path::<R>(), &bytes, Some(counts))
    }

    fn text(&mut self, path: &str, text: &str) -> Result<(), Error> {
        self.write(path, text.as_bytes(), None)
    }

    fn write(&mut self, path: &str, bytes: &[u8], counts: Option<(u64, u64)>) -> Result<(), Error> {
        let full = self.staging.join(path);
        self.disk.write(&full, bytes).map_err(|error| Error::write(&full, error))?;
        let (rows, columns) = counts.unzip();
        let (bytes, sha256) = (bytes.len() as u64, sha256(bytes));
        self.files.push(FileEntry { path: path.to_owned(), bytes, sha256, rows, columns });
        Ok(())
    }
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
