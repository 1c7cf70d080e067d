//! Plan: what a run would read and whether it would publish anything new.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use crate::acquire;
use crate::config::Config;
use crate::error::Error;
use crate::knowledge::Knowledge;
use crate::publish::{self, RealDisk};
use crate::table::Table;

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Plan {
    /// Files that the current snapshot does not know.
    pub new: Vec<String>,
    /// Files that it knows; they are read again to see whether they changed.
    pub known: Vec<String>,
    /// Files that it knows and that are gone.
    pub vanished: Vec<String>,
    /// What else makes a new snapshot: `version`, `configuration`, `knowledge`.
    pub changed: Vec<&'static str>,
    /// The snapshot it was compared with.
    pub current: Option<String>,
}

/// Compares `raw` and the settings with what was published last.
pub fn plan(config: &Config) -> Result<Plan, Error> {
    let entries = acquire::list(&config.raw).map_err(|error| Error::list(&config.raw, error))?;
    let here: BTreeSet<String> = entries.iter().map(|entry| entry.path().to_owned()).collect();
    let listed = publish::list(&config.out, &mut RealDisk)?;
    let current = listed.into_iter().find(|listed| listed.current);
    let folder = current.as_ref().map(|current| config.out.join("snapshots").join(&current.id));
    let known = folder.map(|folder| sources(&folder)).transpose()?.unwrap_or_default();
    let manifest = current.as_ref().and_then(|current| current.manifest.as_ref());
    let changed = manifest.map_or_else(Vec::new, |manifest| {
        [
            ("version", manifest.version != env!("CARGO_PKG_VERSION")),
            ("configuration", manifest.config != config.hash()),
            ("knowledge", manifest.knowledge != Knowledge::hash()),
        ]
        .into_iter()
        .filter_map(|(what, changed)| changed.then_some(what))
        .collect()
    });
    Ok(Plan {
        new: here.difference(&known).cloned().collect(),
        known: here.intersection(&known).cloned().collect(),
        vanished: known.difference(&here).cloned().collect(),
        changed,
        current: current.map(|current| current.id),
    })
}

/// Every file that a snapshot knows.
fn sources(snapshot: &Path) -> Result<BTreeSet<String>, Error> {
    let mut sources = BTreeSet::new();
    for name in ["articles", "rejects"] {
        let table = Table::read(snapshot, name)?;
        sources.extend(table.rows().filter_map(|row| row.text("source_path")).map(str::to_owned));
    }
    Ok(sources)
}

/// A line for each new and each vanished file, then the sum.
impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (sign, paths) in [("+", &self.new), ("-", &self.vanished)] {
            for path in paths {
                writeln!(f, "{sign} {path}")?;
            }
        }
        for what in &self.changed {
            writeln!(f, "the {what} changed")?;
        }
        let (new, known, vanished) = (self.new.len(), self.known.len(), self.vanished.len());
        match &self.current {
            None => write!(f, "nothing is published yet: {new} file(s) to read"),
            Some(id) => {
                let all = new + known;
                write!(
                    f,
                    "since snapshot {id}: {new} new, {vanished} vanished; {all} file(s) to read"
                )
            }
        }
    }
}
